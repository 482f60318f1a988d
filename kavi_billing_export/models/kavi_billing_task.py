from odoo import api, models
from odoo.fields import Domain


class KaviBillingTask(models.AbstractModel):
    _inherit = "kavi.billing.task"

    @api.model
    def _get_tasks(self):
        return [
            *super()._get_tasks(),
            (
                "outbox",
                self.env._("Undelivered Documents"),
                "kavi.outbox.message",
                Domain("state", "=", "failed"),
            ),
        ]
