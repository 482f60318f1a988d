from odoo import fields, models


class AccountPayment(models.Model):
    _inherit = "account.payment"

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

    # === CRUD METHODS === #

    def write(self, vals):
        if vals.get("state") in ("draft", "canceled", "rejected"):
            # what settled a frozen bill is not taken back (KB-26)
            self.move_id._check_frozen_bill(settling=True)
        return super().write(vals)

    # === HELPER METHODS === #

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
