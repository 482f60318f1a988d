from odoo import api, models
from odoo.fields import Domain


class KaviBillingOverview(models.AbstractModel):
    """What the overview shows of card payments (BB-19)."""

    _inherit = "kavi.billing.overview"

    @api.model
    def _get_tiles(self, issued, dated, currency):
        tile = self._prepare_tile(
            "awaiting",
            self.env._("Awaiting Gateway"),
            # whenever they were issued: it is what is awaited now
            issued & Domain("gateway_status", "=", "awaiting"),
            "amount_due",
            "info",
            currency,
        )
        failed = self._prepare_tile(
            "failed",
            self.env._("Failed Gateway"),
            # charges and refunds that the gateway refused
            issued & Domain("gateway_status", "=", "failed"),
            "amount_total",
            "danger",
            currency,
        )
        return [*super()._get_tiles(issued, dated, currency), tile, failed]

    @api.model
    def _get_action(self, name, domain, model="kavi.bill"):
        action = super()._get_action(name, domain, model)
        if model == "payment.transaction":
            # not Odoo's own views: what is done for bills is in ours
            action["views"] = [
                (self.env.ref(f"kavi_commerce.view_kavi_transaction_{kind}").id, kind)
                for kind in ("list", "kanban", "form")
            ]
        return action
