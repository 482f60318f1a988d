from odoo import fields, models


class KaviBillKind(models.Model):
    """What the accounts are told of bills of this kind (KB-56)."""

    _inherit = "kavi.bill.kind"

    notify_new = fields.Boolean(
        string="New Bill", default=True, help="Mail each bill when it is issued."
    )
    notify_receipt = fields.Boolean(
        string="Receipt", default=True, help="Mail a receipt when a bill is paid."
    )
    notify_refund = fields.Boolean(
        string="Refund", default=True, help="Proposed with each refund."
    )
    notify_cancel = fields.Boolean(
        string="Cancellation", default=True, help="Proposed when a bill is canceled."
    )
    notify_reversal = fields.Boolean(
        string="Reversal",
        default=True,
        help="Proposed when a payment is taken back.",
    )
    notify_dispute = fields.Boolean(
        string="Dispute",
        help="Proposed when a dispute is opened or resolved.",
    )
    notify_update = fields.Boolean(
        string="Update",
        help="Proposed when a bill is postponed or its amount changes.",
    )
