from odoo import fields, models

from ..tools.const import ORDERS


class ResCompany(models.Model):
    _inherit = "res.company"

    # moderation and bill, which first: it counts for what starts from now on (KM-25)
    members_order_company = fields.Selection(
        ORDERS, string="New Companies", required=True, default="moderation_first"
    )
    members_order_individual = fields.Selection(
        ORDERS, string="New Individuals", required=True, default="moderation_first"
    )
    members_order_company_renewal = fields.Selection(
        ORDERS, string="Renewing Companies", required=True, default="moderation_first"
    )
    members_order_individual_renewal = fields.Selection(
        ORDERS, string="Renewing Individuals", required=True, default="moderation_first"
    )
    members_draft_days = fields.Integer(
        string="Keep Drafts",
        default=30,
        help="Days after which applications that were never submitted are deleted.",
    )
    members_denied_months = fields.Integer(
        string="Keep Denied Applications",
        default=12,
        help="Months after which what a denied applicant entered is removed.",
    )

    _members_keeping_fits = models.Constraint(
        "CHECK(members_draft_days >= 1 AND members_denied_months >= 0)",
        "Drafts are kept for a day at least.",
    )

    def _get_members_order(self, audience, occasion):
        """Which step comes first: a key of ``state.ORDERS``."""
        self.ensure_one()
        name = f"members_order_{audience}"
        # sudo: a setting, for who applies
        return self.sudo()[f"{name}_renewal" if occasion == "renewal" else name]
