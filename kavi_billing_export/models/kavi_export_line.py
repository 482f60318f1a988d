from odoo import fields, models

from odoo.addons.kavi_billing.tools.const import ACCOUNTING_GROUPS

from ..tools.const import KINDS


class KaviExportLine(models.Model):
    """That a document was exported: the proof that it is not exported twice.

    It keeps what was said of the document, whatever becomes of that.
    """

    _name = "kavi.export.line"
    _inherit = ["kavi.protected.mixin"]
    _description = "Exported Document"
    _order = "date, id"

    export_id = fields.Many2one(
        "kavi.export", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="export_id.company_id", store=True)
    move_id = fields.Many2one(
        "account.move",
        string="Entry",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups=ACCOUNTING_GROUPS,
    )
    external_id = fields.Char(
        string="Document ID",
        required=True,
        readonly=True,
        help="By this id other programs know the document, for ever.",
    )
    reference = fields.Char(
        required=True,
        readonly=True,
        help="At most 11 characters, for programs that have no more room.",
    )
    is_repeat = fields.Boolean(string="Exported Again", readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    name = fields.Char(string="Number", required=True, readonly=True)
    bill_name = fields.Char(string="Bill ID", readonly=True)
    date = fields.Date(required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Account", readonly=True, ondelete="restrict"
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(readonly=True)

    _once = models.UniqueIndex(
        "(company_id, move_id) WHERE move_id IS NOT NULL AND is_repeat IS NOT TRUE",
        "A document of this export was exported by somebody else just now. Try again.",
    )
    _reference_uniq = models.UniqueIndex(
        "(company_id, reference) WHERE is_repeat IS NOT TRUE",
        "A reference of this export was given by somebody else just now. Try again.",
    )
