from itertools import groupby  # of runs: Odoo's own would bring them together

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import frozendict

from ...tools.odoo_methods import READ_LINES, WATCHED, find_overrides

# What invoices of bills say. Of anything else, Odoo makes the lines.
_KNOWN = frozenset(
    "move_type kavi_bill_id company_id journal_id partner_id currency_id "
    "fiscal_position_id invoice_date date invoice_origin payment_reference ref "
    "invoice_user_id invoice_line_ids invoice_payment_term_id invoice_date_due "
    "invoice_currency_rate".split()
)
_NEEDED = frozenset(
    "company_id journal_id partner_id currency_id fiscal_position_id invoice_date "
    "invoice_line_ids invoice_payment_term_id".split()
)
_KNOWN_OF_LINE = frozenset(
    "sequence product_id name quantity price_unit tax_ids account_id kavi_charge_kind "
    "analytic_distribution".split()
)


class AccountMove(models.Model):
    """Many invoices at once, their lines made ready before they are created.

    Odoo creates the lines of the customer, then those of the taxes, then those of the
    terms, and compares all of them after each write. Here Odoo's own helpers are asked
    once an invoice, and all rows are created in one go. They are the same rows, field
    by field; where that is not certain, Odoo makes them. Nothing is skipped of what it
    checks: the balance, the lock dates, and all that posting asks.
    """

    _inherit = "account.move"

    # === BUSINESS METHODS === #

    @api.model
    def _create_invoices(self, vals_list):
        """Create draft invoices as ``create`` does, in fewer steps where it can.

        :param list vals_list: values of invoices, as for ``create``
        :return: the invoices, in the order of ``vals_list``, and whether the lines of
            all of them were made ready
        """
        if not self._are_methods_known():
            return self.create(vals_list), False
        known = {}
        self._read_usual_accounts(vals_list, known)
        pairs = [(vals, self._prepare_ready_vals(vals, known)) for vals in vals_list]
        moves, all_ready = self.browse(), True
        # in runs, for the order of the ids is that of the numbers
        # pylint: disable-next=bad-builtin-groupby
        for is_ready, run in groupby(pairs, lambda pair: pair[1] is not None):
            run = list(run)
            plain = [vals for vals, _ready in run]
            created = is_ready and self._create_ready(run)
            moves += created or self.create(plain)
            all_ready = all_ready and bool(created)
        return moves, all_ready

    # === HELPER METHODS === #

    @api.model
    def _get_known_modules(self):
        """Hook: whose methods on entries, items and taxes the ready lines agree with.

        :rtype: set
        """
        return {"account", "analytic", "base", "mail", "portal", "kavi_billing"}

    @api.model
    def _are_methods_known(self, watched=None):
        """Whether only known modules say what becomes of an invoice's lines."""
        known = self._get_known_modules()
        return not any(
            find_overrides(type(self.env[model]), names, known)
            for model, names in (watched or WATCHED).items()
        )

    @api.model
    def _create_ready(self, pairs):
        """Create invoices with ready lines.

        :param list pairs: the values as they came, and as they are ready
        :return: the invoices; none when Odoo would have made other lines
        """
        quiet = self.with_context(
            skip_invoice_sync=True,  # the lines are in sync
            skip_invoice_line_sync=True,
            skip_analytic_sync=True,  # drafts have no analytic lines
        )
        moves = quiet.create([ready["vals"] for _vals, ready in pairs])
        moves = moves.with_env(self.env)
        if all(
            move._agrees_with(ready)
            for move, (_vals, ready) in zip(moves, pairs, strict=True)
        ):
            return moves
        moves.unlink()  # drafts without a number, which nobody has seen
        return None

    def _agrees_with(self, ready):
        """Whether Odoo, looking at the invoice, needs just the lines that it has."""
        self.ensure_one()
        currency, company_currency = self.currency_id, self.company_currency_id
        needed = {
            (key["date_maturity"], key["discount_date"] or False): values
            for key, values in self.needed_terms.items()
        }
        return (
            self.invoice_currency_rate == ready["rate"]
            and needed.keys() == ready["terms"].keys()
            and all(
                not currency.compare_amounts(
                    values["amount_currency"], terms["amount_currency"]
                )
                and not company_currency.compare_amounts(
                    values["balance"], terms["balance"]
                )
                for key, values in needed.items()
                for terms in [ready["terms"][key]]
            )
        )

    # --- whose lines are known --- #

    @api.model
    def _prepare_ready_vals(self, vals, known):
        """The values of an invoice with all its lines, or None where only Odoo knows.

        :param dict known: what was found out for the batch
        :return: dict: ``vals``, ``rate`` and ``terms``
        """
        if not (_NEEDED <= vals.keys() <= _KNOWN):
            return None
        if vals.get("move_type") != "out_invoice":
            return None
        browse = self._browse_once
        head = {
            "company": browse("res.company", vals["company_id"], known),
            "journal": browse("account.journal", vals["journal_id"], known),
            "partner": self.env["res.partner"]
            .browse(vals["partner_id"])
            .commercial_partner_id,
            "currency": browse("res.currency", vals["currency_id"], known),
            "position": browse(
                "account.fiscal.position", vals["fiscal_position_id"], known
            ),
            "term": browse(
                "account.payment.term", vals["invoice_payment_term_id"], known
            ),
            "date": fields.Date.to_date(vals["invoice_date"]),
        }
        company, term = head["company"], head["term"]
        if not (
            head["date"]
            and company
            and not company.account_storno
            and not company.account_discount_expense_allocation_id
            and head["journal"].type == "sale"
            and head["currency"]
            and not term.shares_discount
            and not (
                term.early_discount and term.early_pay_discount_computation == "mixed"
            )
        ):
            return None
        head["rate"] = vals.get("invoice_currency_rate") or self._get_known_rate(
            head, known
        )
        if not head["rate"] or head["rate"] < 0:
            return None
        lines = self._prepare_known_lines(vals["invoice_line_ids"], head, known)
        if not lines:
            return None
        return self._add_ready_lines(vals, head, lines)

    @api.model
    def _browse_once(self, model, id_, known):
        """One record an id in a batch: what is read of it stays at hand."""
        key = (model, id_)
        if key not in known:
            known[key] = self.env[model].browse(id_ or ())
        return known[key]

    @api.model
    def _get_known_rate(self, head, known):
        company, currency = head["company"], head["currency"]
        key = ("rate", company, currency, head["date"])
        if key not in known:
            known[key] = self.env["res.currency"]._get_conversion_rate(
                from_currency=company.currency_id,
                to_currency=currency,
                company=company,
                date=head["date"],
            )
        return known[key]

    @api.model
    def _prepare_known_lines(self, commands, head, known):
        """The lines that are charged, each with its account, product and taxes.

        :return: list of ``(vals, records)``; None where only Odoo knows
        """
        Line = self.env["account.move.line"]
        precision = self.env["decimal.precision"].precision_get("Percentage Analytic")
        lines, guessed = [], set()
        for command in commands:
            if command[0] != Command.CREATE or not (
                READ_LINES <= command[2].keys() <= _KNOWN_OF_LINE
            ):
                return None
            vals = dict(command[2])
            product = self._browse_once("product.product", vals["product_id"], known)
            taxes = self._browse_taxes(vals["tax_ids"], known)
            if taxes is None or not self._are_taxes_known(taxes, known):
                return None
            account, is_guess = self._get_known_account(vals, product, head, known)
            if not account:
                return None
            if is_guess:
                guessed.add(account)
            for name in ("price_unit", "quantity"):
                vals[name] = Line._fields[name].convert_to_cache(vals[name], Line)
            vals = Line._sanitize_values(vals, precision)
            if not self._has_distribution_models(known):
                vals.setdefault("analytic_distribution", False)  # nobody else says
            vals.update(display_type="product", account_id=account.id)
            lines.append((vals, {"product": product, "taxes": taxes}))
        # Odoo guesses by the lines before, too
        accounts = {vals["account_id"] for vals, _records in lines}
        return None if guessed and len(accounts) > 1 else lines

    @api.model
    def _browse_taxes(self, commands, known):
        if len(commands) != 1 or commands[0][0] not in (Command.SET, Command.CLEAR):
            return None
        ids = commands[0][2] if commands[0][0] == Command.SET else ()
        return self._browse_once("account.tax", tuple(ids), known)

    @api.model
    def _are_taxes_known(self, taxes, known):
        """Taxes that are due with the invoice. Where their items have the analytic
        distribution of the lines, that one has to be known before, too."""
        key = ("taxes", taxes)
        if key not in known:
            parts = taxes | taxes.children_tax_ids
            has_analytic = any(parts.mapped("analytic")) or not all(
                line.use_in_tax_closing or line.repartition_type == "base"
                for line in parts.invoice_repartition_line_ids
            )
            known[key] = all(
                tax.tax_exigibility == "on_invoice" for tax in parts
            ) and not (has_analytic and self._has_distribution_models(known))
        return known[key]

    @api.model
    def _has_distribution_models(self, known):
        """Whether some rule may give a line its analytic distribution."""
        if "models" not in known:
            # sudo: of any company; Odoo knows which apply
            models_ = self.env["account.analytic.distribution.model"].sudo()
            known["models"] = bool(models_.search([], limit=1))
        return known["models"]

    @api.model
    def _get_known_account(self, vals, product, head, known):
        """The account of a line, and whether it is a guess."""
        given = vals.get("account_id")
        is_guess = False
        if given:
            account = self._browse_once("account.account", given, known)
        elif product:
            key = ("product", product, head["position"], head["company"])
            if key not in known:
                template = product.with_company(head["company"]).product_tmpl_id
                accounts = template.get_product_accounts(fiscal_pos=head["position"])
                known[key] = accounts["income"] or self.env["account.account"]
            account = known[key]
        else:
            usual = known["usual"].get((head["company"].id, head["partner"].id))
            account = (
                self._browse_once("account.account", usual, known)
                if usual
                else head["journal"].default_account_id
            )
            is_guess = True
        key = ("account", account)
        if key not in known:
            known[key] = bool(
                account
                and not account.tax_ids
                and account.account_type
                not in ("asset_receivable", "liability_payable")
            )
        return known[key] and account, is_guess

    @api.model
    def _read_usual_accounts(self, vals_list, known):
        """Which account an invoice's lines without product have mostly had, by account
        that is billed: as Odoo guesses it, for all of them at once."""
        usual = known["usual"] = {}
        Account = self.env["account.account"]
        companies = {}
        for vals in vals_list:
            if any(
                command[0] == Command.CREATE
                and not command[2].get("product_id")
                and not command[2].get("account_id")
                for command in vals.get("invoice_line_ids", ())
            ):
                ids = companies.setdefault(vals.get("company_id"), set())
                partner = self.env["res.partner"].browse(vals.get("partner_id") or ())
                ids.add(partner.commercial_partner_id.id)
        for company_id, partner_ids in companies.items():
            if not company_id:
                continue
            Line = self.env["account.move.line"].sudo()
            groups = Line._read_group(
                [
                    *Line._check_company_domain(company_id),
                    ("partner_id", "in", list(partner_ids)),
                    ("account_id.active", "=", True),
                    ("account_id.internal_group", "=", "income"),
                    ("date", ">=", fields.Date.add(fields.Date.today(), days=-730)),
                ],
                ["partner_id", "account_id"],
                ["__count"],
            )
            found = {}
            for partner, account, count in groups:
                found.setdefault(partner.id, []).append((count, account.id))
            for partner_id, counts in found.items():
                counts.sort(reverse=True)
                if len(counts) > 1 and counts[0][0] == counts[1][0]:
                    account_id = Account._get_most_frequent_account_for_partner(
                        company_id=company_id,
                        partner_id=partner_id,
                        move_type="out_invoice",
                    )
                else:
                    account_id = counts[0][1]
                usual[company_id, partner_id] = account_id

    # --- the lines --- #

    @api.model
    def _add_ready_lines(self, vals, head, lines):
        """Add what Odoo books of the lines: their amounts, taxes and terms."""
        AccountTax = self.env["account.tax"]
        company = head["company"]
        base_lines = [
            self._prepare_ready_base_line(line, records, head)
            for line, records in lines
        ]
        AccountTax._add_tax_details_in_base_lines(base_lines, company)
        AccountTax._round_base_lines_tax_details(base_lines, company)
        AccountTax._add_accounting_data_in_base_lines_tax_details(base_lines, company)
        results = AccountTax._prepare_tax_lines(base_lines, company)
        products = [
            {**line, **amounts}
            for (line, _records), (_base, amounts) in zip(
                lines, results["base_lines_to_update"], strict=True
            )
        ]
        taxes = [
            {**line, "display_type": "tax"} for line in results["tax_lines_to_add"]
        ]
        needed = self._prepare_ready_terms(vals, head, lines, products, taxes)
        terms = [
            {**key, **values, "display_type": "payment_term"}
            for key, values in needed.items()
        ]
        ready = {name: vals[name] for name in vals if name != "invoice_line_ids"}
        ready["line_ids"] = [
            Command.create(line) for line in [*products, *taxes, *terms]
        ]
        return {
            "vals": ready,
            "rate": head["rate"],
            "terms": {
                (key["date_maturity"], key["discount_date"] or False): values
                for key, values in needed.items()
            },
        }

    @api.model
    def _prepare_ready_base_line(self, line, records, head):
        """A line as Odoo's taxes take it, of an invoice that is not there yet."""
        return self.env["account.tax"]._prepare_base_line_for_taxes_computation(
            None,
            product_id=records["product"],
            product_uom_id=records["product"].uom_id,
            tax_ids=records["taxes"],
            price_unit=line["price_unit"],
            quantity=line["quantity"],
            discount=0.0,
            currency_id=head["currency"],
            rate=head["rate"],
            sign=-1,
            special_mode=False,
            is_refund=False,
            partner_id=head["partner"],
            account_id=self.env["account.account"].browse(line["account_id"]),
            analytic_distribution=line.get("analytic_distribution"),
            name=line["name"],
        )

    @api.model
    def _prepare_ready_terms(self, vals, head, lines, products, taxes):
        """What is receivable when: as in ``needed_terms``, without the invoice's id."""
        term, currency, company = head["term"], head["currency"], head["company"]

        def total(rows, name, unit):
            return unit.round(-sum(row[name] for row in rows))

        amounts = {
            f"{kind}_amount{suffix}": total(rows, name, unit)
            for kind, rows in (("untaxed", products), ("tax", taxes))
            for suffix, name, unit in (
                ("_currency", "amount_currency", currency),
                ("", "balance", company.currency_id),
            )
        }
        if not term:
            key = {
                "date_maturity": fields.Date.to_date(vals["invoice_date_due"]),
                "discount_date": False,
                "discount_balance": 0.0,
                "discount_amount_currency": 0.0,
            }
            values = {
                "balance": amounts["untaxed_amount"] + amounts["tax_amount"],
                "amount_currency": amounts["untaxed_amount_currency"]
                + amounts["tax_amount_currency"],
            }
            return self._round_terms({frozendict(key): values}, head)
        found = term._compute_terms(
            date_ref=head["date"], currency=currency, company=company, sign=1, **amounts
        )
        discount = {
            "discount_date": found.get("discount_date"),
            "discount_balance": found.get("discount_balance") or 0.0,
            "discount_amount_currency": found.get("discount_amount_currency") or 0.0,
        }
        needed = {}
        for line in found["line_ids"]:
            key = frozendict(
                date_maturity=fields.Date.to_date(line["date"]),
                discount_date=discount["discount_date"],
            )
            values = needed.setdefault(
                key, {"balance": 0.0, "amount_currency": 0.0, **discount}
            )
            values["balance"] += line["company_amount"]
            values["amount_currency"] += line["foreign_amount"]
        if vals.get("kavi_bill_id") and len(term.line_ids) > 1:
            charges = self._get_ready_charges(head, lines)
            needed = self._spread_terms(
                needed, term, head["date"], charges, currency, company.currency_id
            )
        return self._round_terms(needed, head)

    @api.model
    def _round_terms(self, needed, head):
        """The amounts as the items will have them: rounded by their currencies."""
        for values in needed.values():
            for name, amount in values.items():
                if isinstance(amount, float):
                    is_foreign = name.endswith("_currency")
                    unit = (
                        head["currency"] if is_foreign else head["company"].currency_id
                    )
                    values[name] = unit.round(amount)
        return needed

    @api.model
    def _get_ready_charges(self, head, lines):
        """As :meth:`_get_charges`, of an invoice that is not there yet."""
        AccountTax = self.env["account.tax"]
        charges = {}
        for line, records in lines:
            base_line = self._prepare_ready_base_line(line, records, head)
            AccountTax._add_tax_details_in_base_line(base_line, head["company"])
            AccountTax._round_base_lines_tax_details([base_line], head["company"])
            kind = line.get("kavi_charge_kind") or "goods"
            total = base_line["tax_details"]["total_included_currency"]
            charges[kind] = charges.get(kind, 0.0) + total
        return charges
