from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.const import USER

BILLING_USER = "kavi_billing.group_billing_user"


class ResPartner(models.Model):
    """Applicants are no contacts yet: they are left out of what users search, as
    archived contacts are. The staff of Members and Billing finds them, and so does
    whoever asks for them, or by id (KM-28)."""

    _inherit = "res.partner"

    @api.model
    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if self._hides_applicants(domain, bypass_access):
            domain = Domain(domain) & Domain.custom(to_sql=self._is_no_applicant)
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    @api.model
    def _hides_applicants(self, domain, bypass_access):
        user = self.env.user
        if self.env.su or bypass_access:
            return False
        if user.has_group(USER) or user.has_group(BILLING_USER):
            return False
        named = {condition.field_expr for condition in Domain(domain).iter_conditions()}
        return named.isdisjoint(("id", "kavi_is_pending_member"))

    @staticmethod
    def _is_no_applicant(model, alias, query):
        # no field of a role: who searches may not be allowed to read it
        field = model._fields["kavi_is_pending_member"]
        column = SQL.identifier(alias, field.name, to_flush=field)
        return SQL("%s IS NOT TRUE", column)
