from odoo import api, fields, models

from odoo.addons.kavi_billing.tools.text import fold


class ResPartner(models.Model):
    """A name as rows of a file are compared with it."""

    _inherit = "res.partner"

    import_name_key = fields.Char(
        compute="_compute_import_name_key",
        store=True,
        index=True,
        groups="kavi_billing.group_billing_administrator",
        help="The name without case, and without forms of the same letters.",
    )

    # === COMPUTE METHODS === #

    @api.depends("name")
    def _compute_import_name_key(self):
        for partner in self:
            partner.import_name_key = fold(partner.name) or False
