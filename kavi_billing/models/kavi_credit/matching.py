from collections import defaultdict
from datetime import date
from itertools import product

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.bill_rules import OPEN
from ...tools.context import Private


class KaviCredit(models.Model):
    """Credits are applied to bills and taken off again, by hand or automatically."""

    _inherit = "kavi.credit"

    # === ACTION METHODS === #

    def action_apply(self):
        """Open the wizard that applies these credits to bills."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing.action_kavi_credit_apply_wizard"
        )
        action["context"] = {"active_model": self._name, "active_ids": self.ids}
        return action

    # === BUSINESS METHODS === #

    def _apply(self, bills, amount=None):
        """Apply these credits to bills, in the order in which both are given.

        :param bills: open bills of the credits' account, company and currency
        :param float amount: how much in all; default as much as fits
        :raise UserError: with the reason; then nothing is applied
        """
        self._lock_in_state("open")
        self._check_not_expired()
        bills._lock_for_act("apply_credit")
        self._check_fit(bills)
        plan_credits, plan_bills = self._for_books(), bills._for_books()
        if amount is not None:
            self._check_applied_amount(plan_bills, amount)
        plan = plan_credits._plan_matches(plan_bills, amount)
        unused = self - self.browse(credit.id for credit, *_rest in plan)
        if unused and not plan:
            plan_credits._check_same_account(plan_bills)
        if amount is None and unused:
            raise UserError(
                self.env._(
                    "Nothing is owed any more on the bills you chose: credit %s cannot "
                    "be applied to them.",
                    unused[0].display_name,
                )
            )
        self._match(plan)

    def _unapply(self, bills):
        """Take these credits off bills again: the credits are open, the bills owed.

        :raise UserError: with the reason; then nothing is taken off
        """
        self._lock_in_state("open", "used", "refunded", "expired")
        bills._lock_for_act("unapply_credit")
        self._take_off(bills)
        bills._run_state_hooks()

    def _take_off(self, bills):
        """As :meth:`_unapply`, for an act on the bills whose guard was asked."""
        found = defaultdict(list)
        books = self._for_books()
        for credit in books:
            for match in credit._get_credit_lines().matched_debit_ids:
                invoice = match.debit_move_id.move_id
                if invoice.kavi_bill_id in bills and invoice.move_type == "out_invoice":
                    found[credit.with_env(self.env), invoice.kavi_bill_id].append(match)
        done = []
        for (credit, bill), matches in found.items():
            if bill in credit._get_paid_bills():
                raise UserError(
                    self.env._(
                        "Bill %(bill)s was paid by the payment that left %(credit)s "
                        "over. Reverse the payment instead.",
                        bill=bill.display_name,
                        credit=credit.display_name,
                    )
                )
            amount = sum(match.debit_amount_currency for match in matches)
            done.append((credit, bill.with_env(self.env), amount))
        missing = bills - bills.browse(bill.id for _credit, bill, _amount in done)
        if missing or not done:
            raise UserError(
                self.env._(
                    "Credit %(credit)s is not applied to bill %(bill)s.",
                    credit=self[:1].display_name,
                    bill=missing[:1].display_name or self.env._("any of these"),
                )
            )
        partials = books.env["account.partial.reconcile"].union(
            *(match for matches in found.values() for match in matches)
        )
        with bills._for_books()._defer_accounting_recompute():
            partials.with_context(tracking_disable=True).unlink()
        books.env.flush_all()
        self._log_matches(
            "unapply_credit",
            done,
            lambda credit, what: self.env._("Taken off: %s", what),
        )

    @api.model
    def _apply_to_bills(self, bills):
        """Apply what the accounts have in their favour to bills that were just issued.

        Only where the company wants it; oldest due first. What cannot take a credit, or
        is being worked on by somebody else, is passed over.

        :param bills: any bills
        """
        bills = bills.filtered(
            lambda bill: bill.company_id.sudo().billing_apply_credits_automatically
        )
        if not bills:
            return
        credits = self._for_books().search(
            [
                ("partner_id", "in", bills.partner_id.ids),
                ("company_id", "in", bills.company_id.ids),
                ("currency_id", "in", bills.currency_id.ids),
                ("state", "=", "open"),
            ]
        )
        credits.with_env(self.env)._match_automatically(bills)

    def _apply_automatically(self):
        """Apply these credits to what their accounts owe, oldest due first.

        Only where the company wants it.
        """
        credits = self.filtered(
            lambda credit: (
                credit.state == "open"
                and credit.company_id.sudo().billing_apply_credits_automatically
            )
        )
        if not credits:
            return
        bills = self.env["kavi.bill"]._for_books()
        bills = bills.search(
            [
                ("partner_id", "in", credits.partner_id.ids),
                ("company_id", "in", credits.company_id.ids),
                ("currency_id", "in", credits.currency_id.ids),
                ("state", "in", OPEN),
                ("amount_due", ">", 0.0),
            ]
        )
        credits._match_automatically(bills.with_env(self.env))

    @api.model
    def _get_usable_domain(self, bills):
        """The open credits that one of ``bills`` could take, none that has expired."""
        return (
            Domain("state", "=", "open")
            & Domain("partner_id", "in", bills.partner_id.ids)
            & Domain("currency_id", "in", bills.currency_id.ids)
            & Domain.OR(
                Domain("company_id", "=", company.id)
                & (
                    Domain("expiry_date", "=", False)
                    | Domain("expiry_date", ">=", company._billing_today())
                )
                for company in bills.company_id
            )
        )

    def _get_incompatibility_reason(self, bill):
        """Why this credit can never go to ``bill``, as a sentence; "" if it can."""
        self.ensure_one()
        if bill.partner_id != self.partner_id:
            return self.env._(
                "Credit %(credit)s belongs to %(account)s; bill %(bill)s is that of "
                "%(other)s.",
                credit=self.display_name,
                account=self.partner_id.name,
                bill=bill.display_name,
                other=bill.partner_id.name,
            )
        if bill.company_id != self.company_id:
            return self.env._(
                "Credit %(credit)s was given by %(company)s; bill %(bill)s is one of "
                "%(other)s.",
                credit=self.display_name,
                company=self.company_id.name,
                bill=bill.display_name,
                other=bill.company_id.name,
            )
        if bill.currency_id != self.currency_id:
            return self.env._(
                "Credit %(credit)s is in %(currency)s; bill %(bill)s asks for "
                "%(other)s.",
                credit=self.display_name,
                currency=self.currency_id.name,
                bill=bill.display_name,
                other=bill.currency_id.name,
            )
        return ""

    def _get_open_lines(self):
        """The items of the entry on which something is still open."""
        return self._get_credit_lines()._drop_dead_matches()

    def _match_with_entries(self, lines, entries):
        """Match what is open of each credit with the entry that takes it away.

        :param dict lines: the open items of each credit
        :param entries: posted ``account.move``, one a credit, in the credits' order
        """
        plan = []
        for credit, entry in zip(self, entries, strict=True):
            account = lines[credit].account_id
            plan.append(
                lines[credit]
                + entry.line_ids.filtered(
                    lambda line, account=account: line.account_id == account
                )
            )
        Line = self.env["account.move.line"].with_context(tracking_disable=True)
        Line._reconcile_plan(plan)

    # === HELPER METHODS === #

    def _check_fit(self, bills):
        if not self or not bills:
            raise UserError(self.env._("Choose the credits and the bills to match."))
        for bill in bills:
            for credit in self:
                problem = credit._get_incompatibility_reason(bill)
                if problem:
                    raise UserError(problem)
            bill._check_posted()

    def _check_same_account(self, bills):
        """Refuse what the books cannot match: items of two receivable accounts."""
        owed = bills._get_receivable_lines(bills._get_live_documents("out_invoice"))
        owed = owed.filtered(lambda item: not item.reconciled).account_id
        given = self._get_credit_lines().account_id
        if owed and given and not owed & given:
            raise UserError(
                self.env._(
                    "Credit %(credit)s is booked in account %(given)s, bill %(bill)s "
                    "in account %(owed)s, so they cannot be matched. Ask the "
                    "accountant to move one of them.",
                    credit=self[:1].display_name,
                    given=given[:1].display_name,
                    bill=bills[:1].display_name,
                    owed=owed[:1].display_name,
                )
            )

    def _check_applied_amount(self, bills, amount):
        """No more than is open on the credits, no more than is owed on the bills."""
        currency = bills.currency_id
        self._check_money(amount, currency)
        for available, sentence in (
            (
                sum(self.mapped("amount_open")),
                self.env._("%(amount)s is more than the %(most)s that are left."),
            ),
            (
                sum(bills.mapped("amount_due")),
                self.env._("%(amount)s is more than the %(most)s that are owed."),
            ),
        ):
            if currency.compare_amounts(amount, available) > 0:
                raise UserError(
                    sentence
                    % {
                        "amount": currency.format(amount),
                        "most": currency.format(available),
                    }
                )

    def _match_automatically(self, bills):
        """Match what fits: the oldest due first, by the credits that expire first.

        What a credit is meant for comes before all others.
        """
        self._check_role("officer")
        # by settings of the company, for accounts that the user works on anyway
        credits, bills = self._for_books(), bills._for_books()
        if not credits or not bills:
            return
        bills = bills.filtered(
            lambda bill: bill.is_posted and not bill._get_refusal("apply_credit")
        ).try_lock_for_update(allow_referencing=True)
        credits -= credits._get_held_credits()
        credits = credits.filtered(
            lambda credit: (
                credit.state == "open"
                and (credit.expiry_date or date.max)
                >= credit.company_id._billing_today()
            )
        ).try_lock_for_update(allow_referencing=True)
        credits = credits.sorted(
            lambda credit: (
                not credit.bill_id,
                credit.expiry_date or date.max,
                credit.date,
                credit.id,
            )
        )
        bills = bills.sorted(lambda bill: (bill.next_due_date or date.max, bill.id))
        first_bills = credits._find_first_bills()

        def is_meant(credit, bill):
            if credit.kind == "first_payment" and not credit.bill_id:
                return first_bills.get(credit.id) == bill.id
            return credit.kind != "overpayment" and credit.bill_id == bill

        def fits(credit, bill):
            # nobody knows yet which payment of a series is the last
            return credit.kind not in ("first_payment", "last_payment")

        plan = credits._plan_matches(bills, rounds=(is_meant, fits))
        credits.with_env(self.env)._match(plan)

    def _find_first_bills(self):
        """The first bill of the series that each first-payment credit is meant for.

        Without a series it is the account's first open bill since the credit.

        :return: ``{credit id: bill id}``
        """
        firsts = {}
        waiting = self.filtered(
            lambda credit: credit.kind == "first_payment" and not credit.bill_id
        )
        if not waiting:
            return firsts
        bills = self.env["kavi.bill"].search(
            [
                ("partner_id", "in", waiting.partner_id.ids),
                ("company_id", "in", waiting.company_id.ids),
                ("state", "not in", ("draft", "canceled")),
                "|",
                ("item_key", "in", waiting.mapped("item_key")),
                ("bill_date", ">=", min(waiting.mapped("date"))),
            ],
            order="bill_date, id",
        )
        for credit in waiting:
            for bill in bills:
                if credit._get_incompatibility_reason(bill):
                    continue
                if (
                    bill.item_key == credit.item_key
                    if credit.item_key
                    else bill.bill_date >= credit.date
                ):
                    firsts[credit.id] = bill.id
                    break
        return firsts

    def _plan_matches(self, bills, amount=None, rounds=(None,)):
        """Say which credit settles how much of which bill, in the order given.

        :param bills: bills whose rows are locked
        :param float amount: how much in all; default as much as fits
        :param rounds: functions of credit and bill that say which may be matched, one
            round after the other; ``None``: all of one account, company and currency
        :return: list of (credit, bill, credit item, bill item, amount)
        """
        by_key = defaultdict(list)
        for credit in self:
            key = (credit.partner_id, credit.company_id, credit.currency_id)
            by_key[key] += [(credit, line) for line in credit._get_open_lines()]
        items = {
            bill: bill._get_open_lines().sorted(
                lambda line: (line.date_maturity or line.date, line.id)
            )
            for bill in bills
            if by_key.get((bill.partner_id, bill.company_id, bill.currency_id))
        }
        rests = {
            line: abs(line.amount_residual_currency)
            for lines in (
                *items.values(),
                *([line for _credit, line in pairs] for pairs in by_key.values()),
            )
            for line in lines
        }
        plan = []
        for fits in rounds:
            for bill, bill_items in items.items():
                key = (bill.partner_id, bill.company_id, bill.currency_id)
                currency = bill.currency_id
                pairs = [
                    (credit, line)
                    for credit, line in by_key[key]
                    if not fits or fits(credit, bill)
                ]
                for item, (credit, line) in product(bill_items, pairs):
                    if line.account_id != item.account_id:
                        continue  # cannot be matched in the books
                    part = min(rests[item], rests[line])
                    if amount is not None:
                        part = min(part, amount)
                    if currency.compare_amounts(part, 0.0) <= 0:
                        continue
                    plan.append((credit, bill, line, item, part))
                    rests[item] = currency.round(rests[item] - part)
                    rests[line] = currency.round(rests[line] - part)
                    if amount is not None:
                        amount = currency.round(amount - part)
        return plan

    def _match(self, plan):
        """Make the matches of ``plan``, all in one batch, and write the history."""
        if not plan:
            return
        books = self._for_books().env
        bills = books["kavi.bill"].union(*(bill for _c, bill, *_r in plan))
        amounts = {
            (item.id, line.id): part for _credit, _bill, line, item, part in plan
        }
        Line = books["account.move.line"].with_context(
            tracking_disable=True, kavi_match_amounts=Private(amounts)
        )
        with bills._defer_accounting_recompute():
            Line._reconcile_plan([item + line for _c, _b, line, item, _p in plan])
        Line.env.flush_all()
        self._log_matches(
            "apply_credit",
            [
                (credit.with_env(self.env), bill.with_env(self.env), part)
                for credit, bill, _line, _item, part in plan
            ],
            lambda credit, what: self.env._("Applied: %s", what),
        )
        bills._run_state_hooks()

    def _log_matches(self, act, done, sentence):
        """One line in the history of each credit and each bill.

        :param list done: (credit, bill, amount)
        """
        by_credit, by_bill = defaultdict(list), defaultdict(list)
        for credit, bill, amount in done:
            money = credit.currency_id.format(amount)
            by_credit[credit].append(f"{money} → {bill.name}")
            by_bill[bill].append(f"{money} ← {credit.name}")
        self._log(
            {
                credit: sentence(credit, ", ".join(texts))
                for credit, texts in by_credit.items()
            }
        )
        bills = self.env["kavi.bill"].union(*by_bill)
        bills._log_act(act, {bill.id: ", ".join(by_bill[bill]) for bill in bills})
        self.env["kavi.credit"].browse(
            credit.id for credit in by_credit
        ).invalidate_recordset(["allocation_ids"])
