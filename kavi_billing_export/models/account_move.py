from odoo import api, models


class AccountMove(models.Model):
    """What is posted goes to other programs (see ``kavi.outbox``)."""

    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft)
        self.env["kavi.outbox"]._record(posted)
        return posted

    @api.model
    def _get_known_modules(self):
        return super()._get_known_modules() | {"kavi_billing_export"}
