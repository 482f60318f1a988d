from odoo import api, models
from odoo.fields import Domain

from .payment_transaction.base import UNDECIDED


class KaviBill(models.Model):
    """What the overview shows of card payments: what the gateway still has to say, and
    what it will not say by itself (BB-19)."""

    _inherit = "kavi.bill"

    @api.model
    def _get_overview_tiles(self, issued, dated, currency):
        tiles = super()._get_overview_tiles(issued, dated, currency)
        # whenever they were issued: it is what is awaited now
        domain = issued & Domain("gateway_status", "=", "awaiting")
        ((amount, count),) = self._read_group(domain, [], ["amount_due:sum", "__count"])
        label = self.env._("Awaiting Gateway")
        tile = {
            "key": "awaiting",
            "label": label,
            "value": currency.format(amount or 0.0),
            "hint": self._get_overview_count(count),
            "tone": "info",
            "action": self._get_overview_action(label, domain),
        }
        return [*tiles, tile]

    @api.model
    def _get_overview_tasks(self):
        of_bills = Domain("kavi_line_ids", "!=", False)
        # what is asked again by itself has a date for it
        unresolved = of_bills & Domain("state", "in", UNDECIDED)
        unresolved &= Domain("check_date", "=", False)
        tasks = [
            self._get_overview_task(
                "unresolved",
                self.env._("Unresolved Card Payments"),
                "payment.transaction",
                unresolved,
            ),
            self._get_overview_task(
                "not_booked",
                self.env._("Card Payments Not Booked"),
                "payment.transaction",
                of_bills & Domain("post_process_error", "!=", False),
            ),
            self._get_overview_task(
                "events",
                self.env._("Failed Gateway Events"),
                "kavi.gateway.event",
                Domain("state", "=", "failed"),
            ),
        ]
        return [*super()._get_overview_tasks(), *(task for task in tasks if task)]

    @api.model
    def _get_overview_action(self, name, domain, model="kavi.bill"):
        action = super()._get_overview_action(name, domain, model)
        if model == "payment.transaction":
            # not Odoo's own views: what is done for bills is in ours
            action["views"] = [
                (self.env.ref(f"kavi_commerce.view_kavi_transaction_{kind}").id, kind)
                for kind in ("list", "kanban", "form")
            ]
        return action
