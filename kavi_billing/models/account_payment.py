from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.const import STAFF

# What a posted payment says as its entry does: Odoo would change the one only.
BOOKED_FIELDS = (
    "amount currency_id date payment_type partner_id journal_id destination_account_id"
).split()


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["account.payment", "kavi.protected.mixin"]

    # what a receipt says of each payment; the bill itself knows its last one only
    kavi_method_id = fields.Many2one(
        "kavi.payment.method",
        string="Paid By",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )
    kavi_number = fields.Char(string="Payment Number", readonly=True, copy=False)

    kavi_bill_ids = fields.Many2many(
        "kavi.bill",
        string="Bills",
        compute="_compute_kavi_bill_ids",
        groups=STAFF,
        help="The bills that it paid or refunded, also where it was taken back.",
    )
    kavi_bill_count = fields.Integer(compute="_compute_kavi_bill_ids", groups=STAFF)

    # a bill is searched by the whole amount of a check
    _kavi_amount_idx = models.Index("(amount) WHERE partner_type = 'customer'")

    # === COMPUTE METHODS === #

    @api.depends("invoice_ids", "state")
    def _compute_kavi_bill_ids(self):
        for payment in self:
            bills = payment._get_seen_bills()
            payment.kavi_bill_ids = bills
            payment.kavi_bill_count = len(bills)

    # === CRUD METHODS === #

    def write(self, vals):
        if vals.get("state") in ("draft", "canceled", "rejected"):
            # what settled a frozen bill is not taken back (KB-26)
            self.move_id._check_frozen_bill(settling=True)
        self._check_booked(vals)
        return super().write(vals)

    # === ACTION METHODS === #

    def action_open_kavi_bills(self):
        """The bills that these payments paid or refunded (BB-10)."""
        bills = self.kavi_bill_ids
        if not bills:
            raise UserError(
                self.env._("There is no bill of this payment that you may see.")
            )
        return bills._get_records_action(name=self.env._("Bills"))

    # === HELPER METHODS === #

    def _check_booked(self, vals):
        """Refuse another amount or day on a payment of bills that is posted: its entry
        would stay as it is, and the bills would believe the payment."""
        names = [name for name in BOOKED_FIELDS if name in vals]
        if not names:
            return
        for payment in self.sudo():
            written = {
                name: self._fields[name].convert_to_cache(vals[name], payment)
                for name in names
            }
            if (
                payment.move_id.state == "posted"
                and any(
                    written[name]
                    != payment._fields[name].convert_to_cache(payment[name], payment)
                    for name in names
                )
                and payment.kavi_bill_ids
            ):
                raise UserError(
                    self.env._(
                        "Payment %s is posted: what it says stays as it is booked. "
                        "Reset it to draft first, or reverse it.",
                        payment.name,
                    )
                )

    def _get_seen_bills(self):
        """The bills of these payments that the user may see."""
        booked = self.sudo()  # which bills it is matched with
        bills = booked.invoice_ids.kavi_bill_id
        bills |= booked.env["kavi.bill"]._get_bills_of(booked)
        return bills.with_env(self.env)._filtered_access("read")

    def _is_moved_automatically(self):
        """Hook: whether an automatic method has moved this money, and would have to
        move it back."""
        return False

    def _get_external_number(self):
        """Hook: the number under which others know this payment, as a check's or a
        wire's; empty where it has none.

        :rtype: str
        """
        return self.kavi_number or ""
