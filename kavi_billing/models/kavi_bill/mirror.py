from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...tools.mirror import BASE, Item, left_of, part_of


class KaviBill(models.Model):
    """The items of a credit note: each takes back its part of a posted one."""

    _inherit = "kavi.bill"

    # === BUSINESS METHODS === #

    def _get_takeable_amount(self):
        """How much of what these books have charged no note has taken back yet.

        :rtype: float
        """
        lines, taken = self._get_mirrored_lines()
        items = self._get_items_left(self.invoice_id, lines, taken)
        return float(sum((item.amount for item in items), Decimal()))

    def _prepare_part_lines(self, amount, targets=None):
        """The items of a note over ``amount`` of what is left of the bill.

        :param dict targets: ``{account: (amount, balance)}``, see
            :meth:`_post_credit_notes`
        :return: commands for ``line_ids``
        """
        lines, taken = self._get_mirrored_lines()
        return self._prepare_note_lines(
            self.invoice_id, lines, amount, taken, targets=targets
        )

    # === HELPER METHODS === #

    def _get_mirrored_lines(self):
        """What notes of this bill take back, and what they have taken.

        :return: list of (journal item, how much of it), and journal items of the notes
        """
        self.ensure_one()
        invoices, notes = self._get_standing_documents()
        lines = [(line, 1.0) for line in self._get_charging_lines(invoices)]
        lines += self._get_settling_lines(invoices)
        return lines, self._get_charging_lines(notes | self._get_memo_entries())

    @api.model
    def _get_charging_lines(self, moves):
        """The items of documents that are not what the account owes."""
        return moves.line_ids.filtered(
            lambda line: (
                line.account_id
                and line.account_id.account_type != "asset_receivable"
                and (line.balance or line.amount_currency)
            )
        )

    def _get_memo_entries(self):
        """The posted notes of the bill's credit memos, and what took a rest of them
        back."""
        memos = self.memo_ids.move_id
        return (memos | memos.reversal_move_ids).filtered(
            lambda move: move.state == "posted"
        )

    @api.model
    def _get_settling_lines(self, invoices):
        """What settled invoices without money: an early-payment discount with its
        taxes, a rest that was written off.

        Whoever gives all the money back takes these back, too.

        :return: list of (journal item, how much of it belongs to these invoices)
        """
        items = self._get_receivable_lines(invoices)
        ratios = defaultdict(float)
        for match in items._get_live_matches() & items.matched_credit_ids:
            counterpart = match.credit_move_id
            if counterpart.move_id.move_type == "entry" and counterpart.balance:
                # in company currency: a payment may be in another one than the bill
                ratios[counterpart.move_id] += match.amount / self._get_settled(
                    counterpart.move_id
                )
        lines = []
        for move, ratio in ratios.items():
            off = self._get_written_off_lines(move)
            # what came beside the debt is income of its own, and no matter of the bill
            if (
                move.company_currency_id.compare_amounts(
                    sum(off.mapped("balance")), 0.0
                )
                > 0
            ):
                lines += [(line, ratio) for line in off]
        bills = invoices.kavi_bill_id
        return [
            # our own payments say whose it is; of others, each bill has its part
            (line, 1.0 if line.kavi_settled_bill_id else ratio)
            for line, ratio in lines
            if not line.kavi_settled_bill_id or line.kavi_settled_bill_id in bills
        ]

    @api.model
    def _get_settled(self, move):
        """What the receivable items of an entry come to, in company currency."""
        return -sum(self._get_receivable_lines(move).mapped("balance")) or 1.0

    @api.model
    def _get_written_off_lines(self, move):
        """The items of an entry that lower income or taxes, in the bill's stead."""
        company = move.company_id
        apart = (
            company.income_currency_exchange_account_id
            | company.expense_currency_exchange_account_id
            | company.billing_fee_account_ids
        )
        return move.line_ids.filtered(
            lambda line: (
                line.account_id not in apart
                and (
                    line.tax_repartition_line_id
                    or line.account_id.internal_group in ("income", "expense")
                )
            )
        )

    def _prepare_note_lines(
        self, invoice, lines, amount=None, taken=None, targets=None, is_whole=False
    ):
        """The items of a note that mirrors posted ones.

        :param lines: list of (journal item, how much of it)
        :param float amount: of the note; default all that is left of ``lines``
        :param taken: journal items of the notes before
        :param dict targets: ``{account: (amount, balance)}`` that the note settles
        :param bool is_whole: the note takes the invoice back as it is: prices and
            quantities are shown as on it
        :return: commands for ``line_ids``
        """
        currency, company_currency = invoice.currency_id, invoice.company_currency_id
        items = self._get_items_left(invoice, lines, taken or ())
        left = sum((item.amount for item in items), Decimal())
        wanted = left if amount is None else _exact(amount, currency)
        digits = (currency.decimal_places, company_currency.decimal_places)
        if wanted > left and targets:
            # money went back that had not come: what is open is more than what is left
            whole = self._get_items_left(invoice, lines, ())
            items = [
                replace(item, amount=item.amount + more, balance=item.balance + most)
                for item, (more, most) in zip(
                    items, part_of(whole, wanted - left, *digits), strict=True
                )
            ]
        elif wanted > left:
            raise UserError(
                self.env._(
                    "Of invoice %(invoice)s, %(left)s can be credited, not "
                    "%(wanted)s: the rest was credited before.",
                    invoice=invoice.name,
                    left=currency.format(float(left)),
                    wanted=currency.format(float(wanted)),
                )
            )
        balance = None
        if targets:
            balance = _exact(
                sum(pair[1] for pair in targets.values()), company_currency
            )
        parts = part_of(items, wanted, *digits, balance)
        if not targets:
            account = self._get_receivable_lines(invoice).account_id[:1]
            sums = [
                float(sum(column, Decimal())) for column in zip(*parts, strict=True)
            ]
            targets = {account: tuple(sums)}
        mirrored = self._prepare_mirrored_lines(
            [line for line, _ratio in lines], parts, is_whole
        )
        common = {
            "currency_id": currency.id,
            "partner_id": invoice.commercial_partner_id.id,
        }
        owed = [
            {
                "display_type": "payment_term",
                "name": invoice.kavi_bill_id.name,
                "account_id": account.id,
                "amount_currency": -currency.round(target[0]),
                "balance": -company_currency.round(target[1]),
            }
            for account, target in targets.items()
        ]
        return [Command.create({**common, **vals}) for vals in mirrored + owed]

    @api.model
    def _get_items_left(self, invoice, lines, taken):
        """What earlier notes have left of posted items.

        :param lines: list of (journal item, how much of it)
        :param taken: journal items of the notes
        :return: list of ``mirror.Item``, one for each of ``lines``
        """
        currency, company_currency = invoice.currency_id, invoice.company_currency_id
        items = [
            Item(
                self._get_mirror_key(line),
                self._get_mirror_kind(line),
                _exact(-self._get_amount_in(currency, line, invoice) * ratio, currency),
                _exact(-line.balance * ratio, company_currency),
            )
            for line, ratio in lines
        ]
        before = defaultdict(lambda: (Decimal(), Decimal()))
        for line in taken:
            key = self._get_mirror_key(line)
            amount, balance = before[key]
            before[key] = (
                amount + _exact(line.amount_currency, currency),
                balance + _exact(line.balance, company_currency),
            )
        return left_of(items, before)

    @api.model
    def _get_amount_in(self, currency, line, invoice):
        """An item in the invoice's currency, at its rate: a discount may have been
        booked in another one."""
        if line.currency_id == currency:
            return line.amount_currency
        return line.balance * (invoice.invoice_currency_rate or 1.0)

    @api.model
    def _prepare_mirrored_lines(self, lines, parts, is_whole):
        """Values of the items that mirror ``lines``, each over its part.

        Tax items that would be one in an invoice are one.
        """
        bases, taxes, posted = [], {}, []
        for line, (amount, balance) in zip(lines, parts, strict=True):
            if not amount and not balance:
                continue
            vals = {
                "display_type": line.display_type,
                "name": line.name,
                "account_id": line.account_id.id,
                "tax_ids": [Command.set(line.tax_ids.ids)],
                "tax_tag_ids": [Command.set(self._get_note_tags(line).ids)],
                "analytic_distribution": line.analytic_distribution,
                "amount_currency": float(amount),
                "balance": float(balance),
            }
            if not line.tax_repartition_line_id:
                bases.append(vals)
                posted.append(line)
                continue
            part = self._get_refund_part(line.tax_repartition_line_id)
            vals.update(
                tax_repartition_line_id=part.id,
                group_tax_id=line.group_tax_id.id,
                tax_base_amount=-line.tax_base_amount
                * float(balance)
                / (-line.balance or 1.0),
            )
            key = (part, line.account_id, line.tax_ids, str(line.analytic_distribution))
            known = taxes.setdefault(key, vals)
            if known is not vals:
                for name in ("amount_currency", "balance", "tax_base_amount"):
                    known[name] += vals[name]
        self._add_prices(bases, posted, taxes, is_whole)
        return bases + list(taxes.values())

    @api.model
    def _add_prices(self, bases, posted, taxes, is_whole):
        """Give the mirrored lines what is printed of them: price, quantity, and their
        part of the taxes, which Odoo would compute with today's rates.

        :param list bases: values of items that are no taxes
        :param list posted: the item that each of them mirrors
        :param dict taxes: ``{(repartition line, ...): values}``
        """
        amounts, weights = defaultdict(float), defaultdict(float)
        for (part, *_rest), vals in taxes.items():
            if part.factor_percent > 0:
                amounts[part.tax_id] += vals["amount_currency"]
        flat = [line.tax_ids.flatten_taxes_hierarchy() for line in posted]
        for vals, line_taxes in zip(bases, flat, strict=True):
            for tax in line_taxes:
                weights[tax] += vals["amount_currency"]
        for vals, line, line_taxes in zip(bases, posted, flat, strict=True):
            if line.display_type != "product":
                continue
            amount, currency = vals["amount_currency"], line.currency_id
            shares = {
                tax: currency.round(amounts[tax] * amount / (weights[tax] or 1.0))
                for tax in line_taxes
            }
            included = sum(share for tax, share in shares.items() if tax.price_include)
            vals.update(
                product_id=line.product_id.id,
                quantity=1.0,
                discount=0.0,
                price_unit=currency.round(amount + included),
            )
            if is_whole:
                vals.update(
                    product_uom_id=line.product_uom_id.id,
                    quantity=line.quantity,
                    discount=line.discount,
                    price_unit=line.price_unit,
                )
            if shares:
                vals["extra_tax_data"] = {
                    "currency_id": currency.id,
                    "price_unit": vals["price_unit"],
                    "quantity": vals["quantity"],
                    "discount": vals["discount"],
                    "manual_total_excluded_currency": amount,
                    "manual_tax_amounts": {
                        str(tax.id): {
                            "tax_amount_currency": share,
                            "base_amount_currency": amount,
                        }
                        for tax, share in shares.items()
                    },
                }

    @api.model
    def _get_mirror_key(self, line):
        """What tells which posted items take each other back."""
        part = line.tax_repartition_line_id
        tax = ()
        if part:
            tax = (part.tax_id.id, list(self._get_parts(part)).index(part))
        special = line.display_type in ("epd", "cogs", "rounding") and line.display_type
        return (line.account_id.id, tuple(sorted(line.tax_ids.ids)), tax, special)

    @api.model
    def _get_mirror_kind(self, line):
        """What is rounded as a whole: each tax, and lines that sum to nothing."""
        if line.tax_repartition_line_id:
            return self._get_mirror_key(line)
        if line.display_type in ("epd", "cogs"):
            return line.display_type
        return BASE

    @api.model
    def _get_parts(self, part):
        """The parts of a tax in the kind of document that ``part`` is of."""
        tax = part.tax_id
        if part.document_type == "invoice":
            return tax.invoice_repartition_line_ids
        return tax.refund_repartition_line_ids

    @api.model
    def _get_refund_part(self, part):
        """The part of a tax that takes ``part`` back in a credit note."""
        if part.document_type == "refund":
            return part
        parts, refunds = self._get_parts(part), part.tax_id.refund_repartition_line_ids
        place = list(parts).index(part)
        found = refunds[place : place + 1]
        return found if found.repartition_type == part.repartition_type else part

    @api.model
    def _get_note_tags(self, line):
        """The tax grids of the item that takes ``line`` back: those that it stands in
        now, but where the taxes have other grids for credit notes."""
        tags = line.tax_tag_ids
        part = line.tax_repartition_line_id
        taxes = line.tax_ids.flatten_taxes_hierarchy()
        known = taxes.get_tax_tags(False, "base")
        theirs = taxes.get_tax_tags(True, "base")
        if part and part.document_type == "invoice":
            known |= part.tag_ids
            theirs |= self._get_refund_part(part).tag_ids
        if not known or known - tags:
            return tags  # other grids than today's, or none before the money comes
        return (tags - known) | theirs


def _exact(number, currency):
    """A float amount as the Decimal that it stands for."""
    return Decimal(f"{currency.round(number):.{currency.decimal_places}f}")
