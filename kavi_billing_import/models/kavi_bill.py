from odoo import fields, models


class KaviBill(models.Model):
    """Which import a bill came by."""

    _inherit = "kavi.bill"

    import_id = fields.Many2one(
        "kavi.import",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        groups="kavi_billing.group_billing_administrator",
    )
