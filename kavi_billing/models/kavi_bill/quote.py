from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.payment_quote import PaymentQuote, solve_surcharge_base


class KaviBill(models.Model):
    """What a payment comes to, with the surcharge of its method.

    The surcharge (KB-53) is shown as soon as the method is chosen, booked with the
    payment, and taken back when the payment is taken back.
    """

    _inherit = "kavi.bill"

    payment_surcharge = fields.Monetary(
        compute="_compute_surcharge",
        compute_sudo=True,
        help="What the payment method adds, taxes included: what was charged, and what "
        "will be charged on what is due.",
    )
    surcharge_expected = fields.Monetary(
        string="Surcharge To Come",
        compute="_compute_surcharge",
        compute_sudo=True,
        help="What the chosen method will charge for paying all that is due now.",
    )
    amount_with_surcharge = fields.Monetary(
        string="Total With Surcharge", compute="_compute_surcharge", compute_sudo=True
    )
    amount_to_pay_early = fields.Monetary(
        compute="_compute_surcharge",
        compute_sudo=True,
        help="What settles the bill early, with the surcharge of the chosen method.",
    )
    amount_to_pay = fields.Monetary(
        string="To Pay",
        compute="_compute_surcharge",
        compute_sudo=True,
        help="What is due, with the surcharge of the chosen method.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "state",
        "is_posted",
        "amount_total",
        "amount_due",
        "amount_discounted",
        "surcharge_booked",
        "fiscal_position_id",
        "payment_method_id.surcharge_fixed",
        "payment_method_id.surcharge_percent",
        "payment_method_id.surcharge_min",
        "payment_method_id.surcharge_max",
        "payment_method_id.surcharge_tax_ids",
    )
    def _compute_surcharge(self):
        today = {company: company._billing_today() for company in self.company_id}
        rates = {}
        for bill in self:
            expected = early = 0.0
            if bill.amount_discounted:
                method = bill.payment_method_id
                early = bill._quote_payment(method, rates=rates).amount_received
            if bill.state == "pending" and bill.is_posted:
                payable = bill._get_payable()
                expected = bill.payment_method_id._get_surcharge(
                    payable,
                    bill.currency_id,
                    today[bill.company_id],
                    bill.fiscal_position_id,
                    rates,
                )["total"]
                # what a payment left behind that did not hold is charged anew
                expected -= bill.amount_due - payable
            bill.surcharge_expected = expected
            bill.payment_surcharge = bill.surcharge_booked + expected
            bill.amount_with_surcharge = bill.amount_total + expected
            bill.amount_to_pay = bill.amount_due + expected
            bill.amount_to_pay_early = early

    # === BUSINESS METHODS === #

    def _quote_payment(self, method, date=None, amount=None, received=None, rates=None):
        """What a payment by ``method`` comes to, before it is made.

        Nothing is checked but the arithmetic; :meth:`_complete_payment` books what this
        says.

        :param datetime.date date: of the payment; default today
        :param float amount: for the bill's debt; default what settles the bill then
        :param float received: instead of ``amount``: all the money, of which the
            surcharge takes its part
        :param dict rates: of ``kavi.payment.method._get_surcharge``
        :rtype: PaymentQuote
        :raise UserError: when what was received does not cover the surcharge
        """
        self.ensure_one()
        currency = self.currency_id
        date = date or self.company_id._billing_today()
        payable, settling = self._get_payable(), self._get_settling_amount(date)

        def charge(base):
            return method._get_surcharge(
                base, currency, date, self.fiscal_position_id, rates
            )

        if received is None:
            amount = settling if amount is None else amount
            base = min(amount, payable)
            surcharge = charge(base)
        else:
            base = solve_surcharge_base(received, payable, charge, currency)
            surcharge = charge(base)
            amount = currency.round(received - surcharge["total"])
            if not base:
                raise self._get_surcharge_error(method, received)
        residual, discount = currency.round(payable - amount), 0.0
        if (
            currency.compare_amounts(settling, amount) <= 0
            and currency.compare_amounts(residual, 0.0) > 0
        ):
            discount, residual = residual, 0.0
        return PaymentQuote(amount, base, surcharge, discount, residual)

    def _get_surcharge_error(self, method, received):
        return UserError(
            self.env._(
                "%(received)s does not cover the surcharge of %(method)s, which is "
                "charged with each payment.",
                received=self.currency_id.format(received),
                method=method.name,
            )
        )

    def _get_payable(self):
        """What is due of the bill itself: surcharges of payments that did not hold are
        taken back when it is paid."""
        self.ensure_one()
        idle = sum(self._get_orphan_surcharge_invoices().mapped("amount_total"))
        return self.currency_id.round(self.amount_due - idle)

    def _get_settling_amount(self, date):
        """What settles the bill when it is paid on ``date``, without the surcharge.

        :rtype: float
        """
        self.ensure_one()
        items = self._get_discount_items(date)
        if not items:
            return self._get_payable()
        return self.currency_id.round(sum(items.mapped("discount_amount_currency")))

    def _get_surcharge_moves(self):
        """The invoices of the surcharges that stand: posted, and not taken back.

        :rtype: account.move
        """
        return self.sudo()._get_live_documents().filtered("is_kavi_surcharge")

    def _get_unpaid_surcharges(self):
        """The surcharges without a payment, as one that was undone in Invoicing leaves
        them.

        :rtype: account.move
        """
        return self._get_surcharge_moves().filtered(
            lambda move: not self._get_receivable_lines(move)._get_live_matches()
        )

    def _get_orphan_surcharge_invoices(self):
        """The unpaid surcharges that the next payment takes back.

        Not where nothing but them is due: then they are what is paid.
        """
        idle = self.env["account.move"].sudo()
        for bill in self.filtered("surcharge_booked"):
            unpaid = bill._get_unpaid_surcharges()
            charged = sum(unpaid.mapped("amount_total"))
            if bill.currency_id.compare_amounts(charged, bill.amount_due) < 0:
                idle |= unpaid
        return idle

    def _post_surcharges(self, method, date, portions, lines):
        """Post the debit invoices of the surcharges of one batch of payments.

        :param dict portions: ``{bill id: PaymentQuote}``
        :param dict lines: the open receivable items of each bill
        :return: ``{bill id: invoice}`` of the bills with a surcharge
        """
        charged = self.filtered(lambda bill: portions[bill.id].surcharge["total"])
        if not charged:
            return {}
        journal = method.company_id._get_billing_journal()
        moves = (
            self.env["account.move"]
            .with_context(tracking_disable=True)
            .create(
                [
                    bill._prepare_surcharge_vals(
                        method, date, portions[bill.id].surcharge, journal
                    )
                    for bill in charged
                ]
            )
        )
        for bill, move in zip(charged, moves, strict=True):
            # one payment settles both: in the account that the bill is in
            item = self._get_receivable_lines(move)
            account = lines[bill].account_id[:1]
            if account and item.account_id != account:
                item.account_id = account
        moves._post(soft=False)
        moves = moves.with_env(self.env)
        charged._log_documents(moves)
        return dict(zip(charged.ids, moves, strict=True))

    def _reverse_surcharge_invoices(self, surcharges, date):
        """Credit the surcharges of payments that were taken back.

        The bill's amounts count neither of the two; the books show both.
        """
        if surcharges:
            notes = self._mirror_invoices(
                surcharges,
                date,
                lambda bill: self.env._(
                    "Payment surcharge of bill %s taken back", bill.name
                ),
            )
            (surcharges + notes).sudo().is_kavi_replaced = True

    # === HELPER METHODS === #

    def _prepare_surcharge_vals(self, method, date, surcharge, journal):
        """Values of the debit invoice of one surcharge."""
        self.ensure_one()
        lang = self.partner_id.lang or self.env.lang
        line = method.with_context(lang=lang)._prepare_surcharge_line_vals(
            surcharge, self.fiscal_position_id
        )
        return {
            "move_type": "out_invoice",
            "kavi_bill_id": self.id,
            "is_kavi_surcharge": True,
            "company_id": self.company_id.id,
            "journal_id": journal.id,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": self.fiscal_position_id.id,
            "invoice_date": date,
            "invoice_date_due": date,
            "invoice_payment_term_id": False,
            "invoice_origin": self.name,
            "payment_reference": self.name,
            "ref": self.env._("Payment surcharge of bill %s", self.name),
            "invoice_user_id": self.env.uid,
            "invoice_line_ids": [fields.Command.create(line)],
        }
