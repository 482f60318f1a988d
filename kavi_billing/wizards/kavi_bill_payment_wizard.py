from contextlib import suppress

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date


class KaviBillPaymentWizard(models.TransientModel):
    _name = "kavi.bill.payment.wizard"
    _description = "Complete A Payment"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "complete_payment"

    method_id = fields.Many2one(
        "kavi.payment.method",
        required=True,
        compute="_compute_method_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('company_id', '=', company_id), ('kind', '=', 'manual')]",
    )
    off_terms_hint = fields.Char(compute="_compute_off_terms_hint")
    off_terms = fields.Boolean(
        string="By This Method All the Same",
        help="The payment terms name other methods, but the money has come by this.",
    )
    collect_payment_number = fields.Boolean(related="method_id.collect_payment_number")
    payment_number = fields.Char(help="The number on the check or the like.")
    date = fields.Date(
        string="Date Paid",
        required=True,
        default=lambda self: self._get_today(),
    )
    open_count = fields.Integer(compute="_compute_open_count")
    instalments = fields.Integer(
        compute="_compute_instalments",
        store=True,
        readonly=False,
        precompute=True,
        help="How many of the open instalments are paid, the oldest first.",
    )
    instalment_hint = fields.Char(compute="_compute_open_count")
    amount = fields.Monetary(
        string="Received",
        compute="_compute_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="All that was received, the surcharge included. Less leaves the bill "
        "partly paid, what is more becomes a credit of the account.",
    )
    proposed_amount = fields.Monetary(
        compute="_compute_amount", store=True, precompute=True
    )
    # -- several bills of one account are paid by one payment
    is_shared = fields.Boolean(compute="_compute_is_shared")
    line_ids = fields.One2many(
        "kavi.bill.payment.wizard.line",
        "wizard_id",
        string="Paid of Each Bill",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
        precompute=True,
        help="The oldest bill first, unless you enter something else. What is left is "
        "a credit of the account.",
    )
    amount_due = fields.Monetary(related="bill_id.amount_due")
    amount_paid = fields.Monetary(
        string="For the Bill",
        compute="_compute_quote",
        help="What is paid of the bill: what was received, less the surcharge.",
    )
    surcharge = fields.Monetary(
        compute="_compute_quote", help="What the method charges, taxes included."
    )
    surcharge_summary = fields.Char(
        compute="_compute_summary", string="Of This, Surcharge"
    )
    summary = fields.Char(compute="_compute_summary", string="Total")
    may_write_off = fields.Boolean(compute="_compute_quote")
    write_off = fields.Boolean(
        string="Write Off the Rest",
        compute="_compute_write_off",
        store=True,
        readonly=False,
        precompute=True,
        help="Book the small rest to the company's write-off account.",
    )
    hint = fields.Char(compute="_compute_quote")

    # === COMPUTE METHODS === #

    @api.depends("bill_ids")
    def _compute_method_id(self):
        for wizard in self:
            bills = wizard.bill_ids
            # what moves by itself is not entered by hand
            promised = bills.payment_method_id.filtered(lambda m: m.kind == "manual")
            promised = promised or bills._get_manual_methods(wizard.company_id)
            wizard.method_id = promised if len(promised) == 1 else wizard.method_id

    @api.depends("bill_ids", "method_id")
    def _compute_off_terms_hint(self):
        for wizard in self:
            bills = wizard.bill_ids._get_off_terms(wizard.method_id)
            wizard.off_terms_hint = bool(bills) and self.env._(
                "The payment terms of %(bills)s do not name %(method)s.",
                bills=", ".join(bills.mapped("display_name")),
                method=wizard.method_id.name,
            )

    @api.depends("bill_id", "instalments")
    def _compute_open_count(self):
        today = self._get_today()
        for wizard in self:
            instalments = wizard._get_open_instalments()
            wizard.open_count = len(instalments)
            chosen = instalments[: wizard.instalments]
            overdue = sum(date < today for date, _amount in instalments)
            wizard.instalment_hint = chosen and self.env._(
                "of %(count)s, due until %(date)s (%(overdue)s overdue)",
                count=len(instalments),
                date=format_date(self.env, chosen[-1][0]),
                overdue=overdue,
            )

    @api.depends("bill_id")
    def _compute_instalments(self):
        for wizard in self:
            wizard.instalments = len(wizard._get_open_instalments())

    @api.depends("bill_ids")
    def _compute_is_shared(self):
        for wizard in self:
            bills = wizard.bill_ids._filtered_access("read")
            wizard.is_shared = len(bills) > 1 and len(bills._group_by_payment()) == 1

    @api.depends("bill_ids", "amount", "method_id", "date")
    def _compute_line_ids(self):
        for wizard in self:
            quote = wizard._get_shared_quote(typed=False)
            wizard.line_ids = [Command.clear()]
            if wizard.is_shared:
                wizard.line_ids = [
                    Command.create(
                        {
                            "bill_id": bill._origin.id,
                            "amount": portion and portion.amount,
                        }
                    )
                    for bill in wizard.bill_ids._sort_by_age()
                    for portion in (quote and quote.portions.get(bill._origin.id, 0.0),)
                ]

    @api.depends("bill_ids", "method_id", "date", "instalments")
    def _compute_amount(self):
        for wizard in self:
            proposed = wizard._get_proposed_amount()
            # what somebody typed stays
            typed = wizard.amount and wizard.currency_id.compare_amounts(
                wizard.amount, wizard.proposed_amount
            )
            wizard.amount = wizard.amount if typed else proposed
            wizard.proposed_amount = proposed

    @api.depends(
        "bill_ids", "amount", "write_off", "method_id", "date", "line_ids.amount"
    )
    def _compute_quote(self):
        for wizard in self:
            wizard.update(
                {"amount_paid": 0, "surcharge": 0, "may_write_off": 0, "hint": False}
            )
            if wizard.is_shared:
                wizard._set_shared_quote()
                continue
            if not wizard.bill_id:
                wizard.hint = wizard._add_booking_hint("")
                continue
            try:
                portion = wizard._quote(wizard.bill_id, received=wizard.amount)
            except UserError as error:
                wizard.hint = str(error)
                continue
            wizard.amount_paid = portion.amount
            wizard.surcharge = portion.surcharge["total"]
            compare = wizard.currency_id.compare_amounts
            wizard.may_write_off = compare(
                portion.residual, 0
            ) > 0 and wizard._may_write_off(wizard.bill_id, portion.residual)
            wizard.hint = wizard._add_booking_hint(wizard._get_hint(portion))

    @api.depends("bill_ids", "method_id", "date")
    def _compute_summary(self):
        for wizard in self:
            portions = {}
            if len(wizard.bill_ids) > 1 and not wizard.is_shared:
                for quote in wizard._quote_all(wizard.bill_ids).values():
                    for id_, portion in quote.portions.items():
                        portions[wizard.bill_ids.browse(id_)] = portion
            wizard.update(wizard._format_portions(portions))

    @api.depends("may_write_off")
    def _compute_write_off(self):
        for wizard in self:
            wizard.write_off = wizard.write_off and wizard.may_write_off

    # === ONCHANGE METHODS === #

    @api.onchange("instalments")
    def _onchange_instalments(self):
        self.amount = self._get_proposed_amount()

    # === ACTION METHODS === #

    def action_complete_payment(self):
        one = self.bill_id or self.is_shared
        amounts = self._get_typed_amounts() if self.is_shared else None
        return self._perform(
            lambda bills: bills._complete_payment(
                self.method_id,
                date=self.date,
                number=self.payment_number if self.collect_payment_number else None,
                received=self.amount if one else None,
                amounts=amounts,
                write_off=self.write_off,
                off_terms=self.off_terms,
            ),
            self.bill_ids._group_by_payment().values(),
        )

    # === HELPER METHODS === #

    def _get_open_instalments(self):
        """What is open of the bill, the oldest first: ``[(due date, amount)]``."""
        self.ensure_one()
        # sudo: the acting wizard has checked the bill
        bill = self.bill_id.sudo()
        items = bill._get_receivable_lines(bill.invoice_id)
        items = items.filtered(lambda item: not item.reconciled)
        return [
            (item.date_maturity, item.amount_residual_currency)
            for item in items.sorted(lambda item: (item.date_maturity, item.id))
        ]

    def _get_proposed_amount(self):
        """What the chosen instalments, or all that is due, come to."""
        self.ensure_one()
        if self.is_shared:
            return self.bill_ids._quote_shared_payment(
                self.method_id, self.date
            ).received
        if not self.bill_id:
            return 0.0
        amount = None
        instalments = self._get_open_instalments()
        if 0 < self.instalments < len(instalments):
            amount = sum(part for _date, part in instalments[: self.instalments])
        return self.currency_id.round(
            self._quote(self.bill_id, amount=amount).amount_received
        )

    def _quote(self, bill, **wanted):
        """As :meth:`kavi.bill._quote_payment`, by the method and on the day chosen."""
        return bill._quote_payment(self.method_id, self.date, **wanted)

    def _quote_all(self, bills):
        """What several bills come to: ``{bills: SharedQuote}``, one an account."""
        rates = {}
        return {
            batch: batch._quote_shared_payment(self.method_id, self.date, rates=rates)
            for batch in bills._origin._group_by_payment().values()
        }

    def _get_typed_amounts(self):
        """What is paid of each bill as it was typed: ``{bill: amount}``."""
        return {line.bill_id: line.amount for line in self.line_ids}

    def _get_shared_quote(self, typed=True):
        """What the one payment of several bills comes to; ``None`` while what was
        entered is no amount that the surcharge fits in."""
        self.ensure_one()
        if not self.is_shared:
            return None
        if self.currency_id.compare_amounts(self.amount, 0.0) <= 0:
            return None
        try:
            return self.bill_ids._origin._quote_shared_payment(
                self.method_id,
                self.date,
                received=self.amount,
                amounts=self._get_typed_amounts() if typed else None,
                write_off=self.write_off,
            )
        except UserError:
            return None

    def _set_shared_quote(self):
        """Say what one payment of several bills does to them."""
        quote = self._get_shared_quote()
        if not quote:
            self.hint = self.env._(
                "Enter what was received: more than zero, and more than the surcharge."
            )
            return
        format_money, compare = (
            self.currency_id.format,
            self.currency_id.compare_amounts,
        )
        hints = []
        if compare(quote.rest, 0) > 0:
            hints.append(
                self.env._(
                    "%s is not needed for these bills: it becomes a credit of the "
                    "account.",
                    format_money(quote.rest),
                )
            )
        elif compare(quote.rest, 0) < 0:
            hints.append(
                self.env._(
                    "%s more than was received: lower what is paid of a bill.",
                    format_money(-quote.rest),
                )
            )
        for bill in self.bill_ids._origin:
            portion = quote.portions.get(bill.id)
            if portion and compare(portion.residual, 0) > 0:
                self.may_write_off |= self._may_write_off(bill, portion.residual)
                hints.append(self._get_rest_hint(bill, portion.residual))
            elif portion and portion.discount:
                hints.append(
                    self.env._(
                        "%(bill)s is paid early, with a discount of %(discount)s.",
                        bill=bill.name,
                        discount=format_money(portion.discount),
                    )
                )
        self.surcharge = quote.surcharge
        self.amount_paid = quote.received - quote.surcharge - quote.rest
        self.hint = self._add_booking_hint(" ".join(hints))

    def _get_rest_hint(self, bill, rest):
        money = self.currency_id.format(rest)
        if self.write_off:
            return self.env._(
                "%(money)s of %(bill)s is written off.", money=money, bill=bill.name
            )
        return self.env._(
            "%(money)s of %(bill)s stays due.", money=money, bill=bill.name
        )

    def _add_booking_hint(self, hint):
        """Say on which day it will be booked, too, where the books are closed."""
        journal = self.env["account.journal"]
        if self.method_id:
            # that there is none is said when it is recorded
            with suppress(UserError):
                # sudo: the journal of the method that was chosen
                journal = self.method_id.sudo()._get_journal()
        booked = self._get_booking_hint(journal, self.date)
        return " ".join(filter(None, (hint, booked))) or False

    def _prepare_notices(self, bills, event):
        """One receipt a payment: of several bills it lists them all."""
        quotes = {}
        if self.is_shared:
            quote = self._get_shared_quote()
            paid = bills.browse(quote.portions) if quote else bills
            if len(paid) > 1:
                quotes = {paid: quote}
            alone = paid if len(paid) == 1 else bills.browse()
        else:
            alone = bills
            if not self.bill_id:
                quotes = {
                    batch: quote
                    for batch, quote in self._quote_all(bills).items()
                    if len(batch) > 1
                }
                alone = bills - bills.browse().concat(*quotes)
        send = super()._prepare_notices(alone, event)

        def send_all():
            notices = send()
            for batch, quote in quotes.items():
                notices |= batch._notify_of_payment(quote, {"reason": self.reason})
            return notices

        return send_all

    def _may_write_off(self, bill, rest):
        try:
            bill._check_write_off(rest)
        except UserError:
            return False
        return True

    def _get_hint(self, portion):
        """What becomes of the difference between what is due and what was received."""
        format_money = self.currency_id.format
        if portion.discount:
            return self.env._(
                "Paid early: a discount of %s is granted, and the bill is paid.",
                format_money(portion.discount),
            )
        if self.currency_id.is_zero(portion.residual):
            return False
        money = format_money(abs(portion.residual))
        if self.currency_id.compare_amounts(portion.residual, 0) < 0:
            return self.env._(
                "%s is more than what is due: it becomes a credit of the account.",
                money,
            )
        if self.write_off:
            return self.env._("%s is written off, and the bill is paid.", money)
        if self.bill_id._may_be_paid_in_parts():
            return self.env._("%s stays due: the bill is partly paid.", money)
        return self.env._(
            "%s would stay due, but part payments are not allowed.", money
        )

    def _get_notice(self, bill):
        currency = bill.currency_id
        if self.is_shared:
            return bill._get_payment_notice_values(self._get_shared_quote()) | {
                "bills": False
            }
        if not self.bill_id:
            received = self._quote(bill).amount_received
            return {"amount": currency.format(received)}
        rest = 0.0
        if currency.compare_amounts(self.amount, 0) > 0:
            rest = self._quote(bill, received=self.amount).residual
        over = currency.compare_amounts(rest, 0) < 0
        return {
            "amount": currency.format(self.amount),
            "over": over and currency.format(-rest),
        }
