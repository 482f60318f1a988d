from odoo import fields, models


class KaviGatewayMessage(models.Model):
    """What was said to the gateway, what it answered, and what people noted.

    Kept to the second, in the order in which it happened (KC-08, KC-09). Nothing that
    identifies a card gets in: what is recorded is redacted before.
    """

    _name = "kavi.gateway.message"
    _inherit = ["kavi.protected.mixin"]
    _description = "Gateway Message"
    _order = "id desc"
    _rec_name = "text"

    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, index=True, ondelete="cascade"
    )
    provider_id = fields.Many2one("payment.provider", readonly=True, index=True)
    company_id = fields.Many2one(
        related="provider_id.company_id", store=True, index=True
    )
    date = fields.Datetime(readonly=True, required=True, default=fields.Datetime.now)
    direction = fields.Selection(
        [("sent", "Sent"), ("received", "Received"), ("note", "Note")],
        required=True,
        readonly=True,
    )
    status = fields.Char(
        readonly=True, help="The transaction's status when it was said."
    )
    text = fields.Text(readonly=True)
    detail = fields.Text(readonly=True, groups="base.group_system")
    debug_id = fields.Char(
        string="Debug ID",
        readonly=True,
        help="By which PayPal's support finds the request.",
    )
    user_id = fields.Many2one(
        "res.users", readonly=True, default=lambda self: self.env.user
    )
