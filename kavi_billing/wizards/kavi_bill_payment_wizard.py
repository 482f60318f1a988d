from odoo import api, fields, models
from odoo.exceptions import UserError
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
        domain="[('company_id', '=', company_id)]",
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
            promised = wizard.bill_ids.payment_method_id
            if not promised:
                promised = promised.search([("company_id", "=", wizard.company_id.id)])
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

    @api.depends("bill_id", "method_id", "date", "instalments")
    def _compute_amount(self):
        for wizard in self:
            proposed = wizard._get_proposed_amount()
            # what somebody typed stays
            typed = wizard.amount and wizard.currency_id.compare_amounts(
                wizard.amount, wizard.proposed_amount
            )
            wizard.amount = wizard.amount if typed else proposed
            wizard.proposed_amount = proposed

    @api.depends("bill_id", "amount", "write_off", "method_id", "date")
    def _compute_quote(self):
        for wizard in self:
            wizard.update(
                {"amount_paid": 0, "surcharge": 0, "may_write_off": 0, "hint": False}
            )
            if not wizard.bill_id:
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
            ) > 0 and wizard._may_write_off(portion.residual)
            wizard.hint = wizard._get_hint(portion)

    @api.depends("bill_ids", "method_id", "date")
    def _compute_summary(self):
        for wizard in self:
            portions = {}
            if len(wizard.bill_ids) > 1:
                portions = wizard._quote_all()
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
        with self._acting():
            self.bill_ids._complete_payment(
                self.method_id,
                date=self.date,
                number=self.payment_number if self.collect_payment_number else None,
                received=self.amount if self.bill_id else None,
                write_off=self.write_off,
                off_terms=self.off_terms,
            )
        return {"type": "ir.actions.act_window_close"}

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

    def _quote_all(self):
        """What each of several bills comes to: ``{bill: PaymentQuote}``."""
        rates = {}
        return {bill: self._quote(bill, rates=rates) for bill in self.bill_ids}

    def _may_write_off(self, rest):
        try:
            self.bill_id._check_write_off(rest)
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
