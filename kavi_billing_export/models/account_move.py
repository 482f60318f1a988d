from odoo import models


class AccountMove(models.Model):
    """What is posted goes to other programs (see ``kavi.outbox``)."""

    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft)
        self.env["kavi.outbox"]._record(posted)
        return posted
