from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class KaviBillReverseWizard(models.TransientModel):
    _name = "kavi.bill.reverse.wizard"
    _description = "Reverse A Payment"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "reverse_payment"

    line_ids = fields.One2many(
        "kavi.bill.reverse.wizard.line",
        "wizard_id",
        string="Payments",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
        precompute=True,
    )
    date = fields.Date(
        string="Reversed On",
        required=True,
        default=lambda self: self._get_today(),
    )
    hint = fields.Char(compute="_compute_hint")

    # === COMPUTE METHODS === #

    @api.depends("bill_ids")
    def _compute_line_ids(self):
        for wizard in self:
            payments = wizard._get_payments()
            wizard.line_ids = [Command.clear()] + [
                Command.create(
                    {"payment_id": payment.id, "is_chosen": len(payments) == 1}
                )
                for payment in payments
            ]

    @api.depends("line_ids.is_chosen", "date")
    def _compute_hint(self):
        for wizard in self:
            # sudo: of payments that the wizard offers
            chosen = wizard.line_ids.filtered("is_chosen").payment_id.sudo()
            chosen &= wizard._get_payments()
            hints = {
                wizard._get_booking_hint(payment.journal_id, wizard.date)
                for payment in chosen
            }
            wizard.hint = " ".join(sorted(filter(None, hints)))

    # === ACTION METHODS === #

    def action_reverse_payment(self):
        with self._acting():
            if not self.bill_id:
                raise UserError(
                    self.env._("Payments are reversed on one bill at a time.")
                )
            chosen = self.line_ids.filtered("is_chosen").payment_id
            if not chosen:
                raise UserError(self.env._("Choose the payment that did not hold."))
            for payment in chosen:
                self.bill_id._reverse_payment(payment, self.reason, self.date)
        return {"type": "ir.actions.act_window_close"}

    # === HELPER METHODS === #

    def _get_payments(self):
        """The payments that settle the bill now."""
        # sudo: who acts on bills need not see all payments; these are the bill's
        payments = self.bill_id.sudo()._get_payments()
        return payments.filtered(
            lambda payment: (
                payment.payment_type == "inbound"
                and payment.state not in ("canceled", "rejected")
            )
        )

    def _get_notice(self, bill):
        chosen = self.line_ids.filtered("is_chosen")
        values = {
            # a line that names somebody else's payment has no currency: refused later
            "returned": " + ".join(
                (line.currency_id or bill.currency_id).format(line.amount)
                for line in chosen
            )
        }
        # sudo: of payments that the wizard offers
        settled = bill.sudo()._get_settled_by(
            chosen.payment_id.sudo() & self._get_payments()
        )
        if len(settled) > 1:
            # one payment for several bills: the mail lists them, as its receipt did
            bills = bill.sudo().concat(*settled).with_env(self.env(su=True))
            values["names"] = bills._join_names()
            values["bills"] = bills._list_for_mail(
                {each.id: amount for each, amount in settled.items()}
            )
        return values

    def _prepare_notices(self, bills, event):
        """The mail goes once, with the first bill; the others say so."""
        # sudo: of payments that the wizard offers
        payments = self.line_ids.filtered("is_chosen").payment_id.sudo()
        payments &= self._get_payments()
        others = bills.browse(bills.sudo()._get_bills_of(payments).ids) - bills
        send = super()._prepare_notices(bills, event)

        def send_once():
            notices = send()
            others._log_note(
                self.env._(
                    "The notice that the payment was returned was sent with bill %s.",
                    bills._get_html_link(bills.name),
                )
            )
            return notices

        return send_once if others else send
