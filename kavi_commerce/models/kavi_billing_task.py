from odoo import api, models
from odoo.fields import Domain

from .payment_transaction.base import UNDECIDED


class KaviBillingTask(models.AbstractModel):
    """What the gateway will not say by itself (BB-19)."""

    _inherit = "kavi.billing.task"

    @api.model
    def _get_tasks(self):
        of_bills = Domain("kavi_line_ids", "!=", False)
        return [
            *super()._get_tasks(),
            (
                "unresolved",
                self.env._("Unresolved Card Payments"),
                "payment.transaction",
                # what is asked again by itself has a date for it
                of_bills
                & Domain("state", "in", UNDECIDED)
                & Domain("next_check_date", "=", False),
            ),
            (
                "refused_refunds",
                self.env._("Refused Refunds"),
                "payment.transaction",
                Domain("operation", "=", "refund")
                & Domain("kavi_state", "=", "failed_return")
                & Domain("is_chargeback", "=", False)
                & Domain("kavi_line_ids.is_superseded", "=", False),
            ),
            (
                "not_booked",
                self.env._("Card Payments Not Booked"),
                "payment.transaction",
                of_bills & Domain("post_process_error", "!=", False),
            ),
            (
                "events",
                self.env._("Failed Gateway Events"),
                "kavi.gateway.event",
                Domain("state", "=", "failed"),
            ),
        ]
