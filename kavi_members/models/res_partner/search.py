from odoo import api, models
from odoo.fields import Domain

from ...tools.const import USER


class ResPartner(models.Model):
    """Applicants are no contacts yet: who looks for one by its name does not find them,
    but for the staff of Members and Billing (KM-28)."""

    _inherit = "res.partner"

    @api.model
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        if not self._finds_applicants():
            domain = Domain(domain or Domain.TRUE) & Domain(
                "kavi_is_pending_member", "=", False
            )
        return super().name_search(name, domain, operator, limit)

    @api.model
    def _finds_applicants(self):
        user = self.env.user
        return (
            self.env.su
            or user.has_group(USER)
            or user.has_group("kavi_billing.group_billing_user")
        )
