from datetime import date as Date

from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.payment_quote import (
    Debt,
    PaymentQuote,
    SharedQuote,
    distribute,
    solve_surcharge_base,
)


class KaviBill(models.Model):
    """One payment for several bills of an account, as the bank's statement has it.

    What came is shared among the bills, the oldest first, or as somebody typed it; the
    rest is the account's credit. Each match is made over the bill's own part, so that
    refunds and reversals are per bill as ever.
    """

    _inherit = "kavi.bill"

    # === BUSINESS METHODS === #

    def _sort_by_age(self):
        """These bills in the order in which money goes to them: oldest due first."""
        return self.sorted(lambda bill: (bill.next_due_date or Date.max, bill.id))

    def _quote_shared_payment(
        self,
        method,
        date=None,
        received=None,
        amounts=None,
        write_off=False,
        rates=None,
    ):
        """What one payment for all these bills comes to, before it is made.

        The surcharge is charged once, on the sum of what is paid, and carried by the
        oldest bill that gets something: one debit invoice, whose total and taxes are
        those of the sum to the cent.

        :param received: all the money; default what settles all of them
        :param dict amounts: ``{bill: amount}`` that was typed, without the surcharge;
            default the oldest first. What is missing gets nothing
        :param bool write_off: a rest may be written off
        :param dict rates: of ``kavi.payment.method._get_surcharge``
        :rtype: SharedQuote
        :raise UserError: when what was received does not cover the surcharge
        """
        bills, currency = self._sort_by_age(), self.currency_id
        date = date or self.company_id._billing_today()
        debts = {
            bill: Debt(
                bill._get_payable(),
                bill._get_settling_amount(date),
                write_off or bill._may_be_paid_in_parts(),
            )
            for bill in bills
        }
        payable = currency.round(sum(debt.payable for debt in debts.values()))

        def charge(base):
            return method._get_surcharge(
                base, currency, date, carrier.fiscal_position_id, rates
            )

        if amounts is None and received is None:
            amounts = {bill: debt.settling for bill, debt in debts.items()}
        shared = {}
        for carrier in bills:
            if received is not None:
                base = solve_surcharge_base(received, payable, charge, currency)
                surcharge = charge(base)
                if not base:
                    raise self._get_surcharge_error(method, received)
                money = currency.round(received - surcharge["total"])
                parts = distribute(money, list(debts.values()), currency)
                shared = dict(zip(bills, parts, strict=True))
            if amounts is not None and not self._is_same(amounts, shared):
                shared = {bill: amounts.get(bill) or 0.0 for bill in bills}
                surcharge = charge(
                    currency.round(
                        sum(
                            min(part, debts[bill].payable)
                            for bill, part in shared.items()
                        )
                    )
                )
            if not currency.is_zero(shared[carrier]):
                break
        portions = {}
        for bill, part in shared.items():
            if not currency.is_zero(part):
                own = surcharge if not portions else charge(0.0)
                portions[bill.id] = self._make_portion(part, debts[bill], own)
        needed = sum(portion.amount_received for portion in portions.values())
        received = currency.round(needed if received is None else received)
        return SharedQuote(portions, received, currency.round(received - needed))

    def _get_shared_quote(self, method, date, received, amounts, write_off):
        """As :meth:`_quote_shared_payment`, after the rules on parts and write-offs.

        :raise UserError: with the reason
        """
        currency = self.currency_id
        if received is not None:
            received = self[0]._check_amount(received)
        if amounts is not None:
            amounts = self._check_shared_amounts(amounts)
        quote = self._quote_shared_payment(method, date, received, amounts, write_off)
        if not quote.portions:
            raise UserError(
                self.env._(
                    "This settles none of the bills: enter how much is paid of each. "
                    "Where part payments are not allowed, a bill is paid in full."
                )
            )
        if currency.compare_amounts(quote.rest, 0.0) < 0:
            raise UserError(
                self.env._(
                    "%(received)s came, but the bills and the surcharge come to "
                    "%(needed)s: lower what is paid of a bill.",
                    received=currency.format(quote.received),
                    needed=currency.format(quote.received - quote.rest),
                )
            )
        for bill in self:
            portion = quote.portions.get(bill.id)
            if portion:
                bill._check_portion(portion, write_off)
        return quote

    def _run_payment_hooks(self, payments, quotes):
        """Call back whoever waits for these bills; each payment gets one receipt.

        :param dict quotes: of :meth:`_get_quotes`, of these payments
        """
        shared = [bills.ids for bills in quotes if len(bills) > 1]
        several = self.browse(id_ for ids in shared for id_ in ids)
        # what the caller answers itself is left to it
        told = several._filter_unanswered()
        with several._suppress_auto_notices():
            self._run_state_hooks()
        for bills, quote in quotes.items():
            bills = told & bills.with_env(self.env)
            if any(bill.currency_id.is_zero(bill.amount_due) for bill in bills):
                bills._notify_of_payment(quote)

    def _notify_of_payment(self, quote, values=None, **text):
        """Send the one receipt of a payment for several bills, which lists them.

        :param SharedQuote quote: of the payment
        :param dict values: what else the mail says, see ``_get_notice_values``
        :return: the notice; none if no kind of these bills has receipts
        """
        if values is None:
            bills = self.filtered(lambda bill: bill._is_notice_enabled("receipt"))
        else:
            bills = self
        first = bills[:1]
        if not first:
            return self.env["kavi.notice"]
        given = {**(values or {}), **first._get_payment_notice_values(quote)}
        others = {first.id: bills - first}
        notices = first._notify("receipt", {first.id: given}, others, **text)
        for bill in bills - first:
            bill._log_note(
                self.env._(
                    "The receipt of the whole payment was sent with bill %s.",
                    first._get_html_link(first.name),
                )
            )
        return notices

    def _notify_of_reversal(self, values, amounts):
        """Send the one mail that says that the money of these bills of an account went
        back: they are due again.

        :param dict values: what it says, see ``_get_notice_values``
        :param dict amounts: ``{bill id: amount}``: what of it had paid which bill
        :return: the notice
        """
        first = self[:1]
        if len(self) == 1:
            return first._notify("reversal", {first.id: values})
        listed = self.with_context(lang=first._get_notice_lang() or self.env.lang)
        listed = {
            "names": listed._join_names(),
            "bills": listed._list_for_mail(amounts),
        }
        notice = first._notify(
            "reversal", {first.id: {**values, **listed}}, {first.id: self - first}
        )
        (self - first)._log_note(
            self.env._(
                "The notice that the payment was returned was sent with bill %s.",
                first._get_html_link(first.name),
            )
        )
        return notice

    # === HELPER METHODS === #

    def _get_payment_notice_values(self, quote):
        """What the receipt of a payment for several bills says, in its language."""
        self.ensure_one()
        lang = self._get_notice_lang() or self.env.lang
        bills = self.with_context(lang=lang).browse(quote.portions)
        money = bills.currency_id.format
        return {
            "amount": money(quote.received),
            "over": quote.rest and money(quote.rest),
            "names": bills._join_names(),
            "bills": bills._list_for_mail(
                {id_: part.amount_received for id_, part in quote.portions.items()}
            ),
        }

    def _list_for_mail(self, amounts):
        """The rows of a mail about a payment for several bills, in their order.

        :param dict amounts: ``{bill id: amount}``
        """
        return [
            {
                "name": bill.name,
                "title": bill.title,
                "amount": bill.currency_id.format(amounts[bill.id]),
            }
            for bill in self
        ]

    def _get_settled_by(self, payments):
        """What these payments settle now, of all bills: ``{bill: amount}``."""
        lines, settled = self._get_receivable_lines(payments.move_id), {}
        for match in lines._get_live_matches() & lines.matched_debit_ids:
            bill = match.debit_move_id.move_id.kavi_bill_id
            if bill:
                settled[bill] = settled.get(bill, 0.0) + match.debit_amount_currency
        return settled

    def _is_same(self, amounts, shared):
        """Whether what was typed is what the money would be shared into anyway."""
        return bool(shared) and all(
            bill.currency_id.compare_amounts(amounts.get(bill) or 0.0, part) == 0
            for bill, part in shared.items()
        )

    def _make_portion(self, amount, debt, surcharge):
        """:rtype: PaymentQuote"""
        currency = self.currency_id
        residual, discount = currency.round(debt.payable - amount), 0.0
        if (
            currency.compare_amounts(debt.settling, amount) <= 0
            and currency.compare_amounts(residual, 0.0) > 0
        ):
            discount, residual = residual, 0.0
        base = min(amount, debt.payable)
        return PaymentQuote(amount, base, surcharge, discount, residual)

    def _check_shared_amounts(self, amounts):
        """Refuse what cannot be paid of one of these bills.

        :param dict amounts: ``{bill: amount}``; zero is nothing
        :return: the amounts of these bills, rounded
        """
        if set(amounts) - set(self):
            raise UserError(self.env._("Choose the bills that the payment is for."))
        checked = {}
        for bill, amount in amounts.items():
            if not amount:
                continue
            checked[bill] = bill._check_amount(amount)
            payable = bill._get_payable()
            if bill.currency_id.compare_amounts(amount, payable) > 0:
                raise UserError(
                    self.env._(
                        "Of bill %(bill)s, %(due)s is due, not %(amount)s. What is "
                        "more goes to another bill, or becomes a credit.",
                        bill=bill.name,
                        due=bill.currency_id.format(payable),
                        amount=bill.currency_id.format(amount),
                    )
                )
        return checked

    def _prepare_shared_payment_vals(
        self, lines, journal, date, number, quote, write_off
    ):
        """Values of the one payment of several bills, in their order.

        What is no money (a discount, a rest written off) is an item of its own, so that
        each match says which of the two it is. Bills in other receivable accounts than
        the first have an item there.

        :param dict lines: the open receivable items of each bill
        :param SharedQuote quote: of these bills
        """
        first = self[0]
        vals = first._prepare_payment_vals(
            lines[first], journal, date, number, quote.portions[first.id], False
        )
        account = lines[first].account_id[:1]
        extra, moved, without = [], {}, {}
        for bill in self:
            portion = quote.portions[bill.id]
            target = lines[bill].account_id[:1] or account
            if target != account:
                moved[target] = moved.get(target, 0.0) + portion.amount
            found = bill._prepare_settling_vals(portion, date, write_off)
            extra += found
            if found:
                sums = without.setdefault(target, [0.0, 0.0])
                sums[0] += sum(item["amount_currency"] for item in found)
                sums[1] += sum(item["balance"] for item in found)
        extra += [
            self._prepare_shared_item_vals(target, -amount, date)
            for target, amount in moved.items()
        ]
        extra += [
            {
                **self._prepare_shared_item_vals(target, -amount, date),
                "balance": -self.company_id.currency_id.round(balance),
                "is_kavi_without_money": True,
                "name": self.env._("Settled without money"),
            }
            for target, (amount, balance) in without.items()
        ]
        vals.update(
            amount=quote.received,
            memo=" ".join(filter(None, (self._join_names(), number))),
            invoice_ids=[fields.Command.set(self._get_lines(lines).move_id.ids)],
        )
        vals.pop("write_off_line_vals", None)
        if extra:
            vals["write_off_line_vals"] = extra
        return vals

    def _get_lines(self, lines):
        return self.env["account.move.line"].union(*(lines[bill] for bill in self))

    def _join_names(self, most=5):
        """The Bill IDs, as far as anybody reads them."""
        names = self.mapped("name")
        if len(names) <= most:
            return ", ".join(names)
        return self.env._(
            "%(names)s and %(count)s more",
            names=", ".join(names[:most]),
            count=len(names) - most,
        )

    def _prepare_settling_vals(self, portion, date, write_off):
        """The items of a payment that settle a bill without money, if there are any."""
        self.ensure_one()
        if portion.discount:
            return self._prepare_discount_vals(portion.discount, date)
        rest = self._get_part_without_money(portion, write_off)
        return [self._prepare_write_off_vals(rest, date)] if rest else []

    def _prepare_shared_item_vals(self, account, amount, date):
        """Values of a receivable item of the payment beside its first one."""
        company, currency = self.company_id, self.currency_id
        amount = currency.round(amount)
        return {
            "name": self._join_names(),
            "account_id": account.id,
            "partner_id": self.partner_id.id,
            "currency_id": currency.id,
            "amount_currency": amount,
            "balance": currency._convert(amount, company.currency_id, company, date),
        }

    def _plan_shared_matches(self, payment, lines, surcharges, quote, write_off):
        """Say which item of the payment settles how much of which bill's items.

        :param dict lines: the open receivable items of each bill
        :param dict surcharges: ``{bill id: invoice}``
        :return: list of (bill's item, payment's item, amount)
        """
        currency, plan = self.currency_id, []
        items = self._get_receivable_lines(payment.move_id)
        for bill in self:
            portion = quote.portions[bill.id]
            account = lines[bill].account_id[:1] or payment.destination_account_id
            own = items.filtered(lambda item, a=account: item.account_id == a)
            without = own.filtered("is_kavi_without_money")
            money = own - without
            surcharge = surcharges.get(bill.id)
            if surcharge:
                # first, whatever is overdue: it is this payment's own
                plan += [
                    (item, money, item.amount_currency)
                    for item in self._get_receivable_lines(surcharge)
                ]
            debts = lines[bill].filtered(lambda item, a=account: item.account_id == a)
            debts = debts.sorted(
                lambda item: (item.date_maturity or item.date, item.id)
            )
            rests = {item: item.amount_residual_currency for item in debts}
            for source, part in (
                (money, portion.amount),
                (without, bill._get_part_without_money(portion, write_off)),
            ):
                for item in debts:
                    taken = min(rests[item], part)
                    if currency.compare_amounts(taken, 0.0) > 0:
                        plan.append((item, source, currency.round(taken)))
                        rests[item] = currency.round(rests[item] - taken)
                        part = currency.round(part - taken)
        return plan

    def _get_part_without_money(self, portion, write_off):
        """What a discount or a write-off settles of this bill."""
        self.ensure_one()
        return portion.discount or (write_off and max(portion.residual, 0.0)) or 0.0
