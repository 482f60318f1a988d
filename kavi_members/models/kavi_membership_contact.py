from odoo import fields, models


class KaviMembershipContact(models.Model):
    """A person whom an application names, and what they are for the company."""

    _name = "kavi.membership.contact"
    _inherit = ["kavi.protected.mixin"]
    _description = "Contact of an Application"
    _order = "application_id, id"
    _rec_name = "partner_id"

    application_id = fields.Many2one(
        "kavi.membership.application", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="application_id.company_id", store=True, index=True
    )
    role = fields.Selection(
        [
            ("primary", "Primary Contact"),
            ("billing", "Billing Contact"),
            ("other", "Other"),
        ],
        required=True,
        default="other",
    )
    contact_type_id = fields.Many2one("kavi.contact.type", ondelete="restrict")
    partner_id = fields.Many2one("res.partner", ondelete="restrict", index=True)

    _role_uniq = models.UniqueIndex(
        "(application_id, role) WHERE role IN ('primary', 'billing')",
        "An application names one primary and one billing contact.",
    )
