from odoo import api, fields, models
from odoo.exceptions import UserError


class KaviContactType(models.Model):
    """How a person represents a company."""

    _name = "kavi.contact.type"
    _description = "Contact Type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    is_primary = fields.Boolean(
        string="Primary Contact",
        help="The company's primary contact, who administers it in the portal.",
    )

    _only_primary = models.UniqueIndex(
        "(is_primary) WHERE is_primary",
        "There is one contact type for primary contacts.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ours(self):
        names = self.get_external_id().values()
        if any(name.startswith("kavi_members.") for name in names):
            raise UserError(
                self.env._(
                    "Contact types that come with Kavi Members are kept: archive what "
                    "you do not need."
                )
            )
