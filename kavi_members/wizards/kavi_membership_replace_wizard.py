from odoo import api, fields, models
from odoo.tools import float_round


class KaviMembershipReplaceWizard(models.TransientModel):
    """Replace by another type; beside the fee that is typed stand the figures of the
    term (KM-39, KM-40)."""

    _name = "kavi.membership.replace.wizard"
    _inherit = ["kavi.window.mixin"]
    _description = "Replace a Membership"

    membership_id = fields.Many2one("kavi.membership", required=True, readonly=True)
    company_id = fields.Many2one(related="membership_id.company_id")
    audience = fields.Selection(related="membership_id.audience")
    old_type_id = fields.Many2one(related="membership_id.type_id", string="Now")
    type_id = fields.Many2one(
        "kavi.membership.type",
        string="New Type",
        required=True,
        domain="[('company_id', '=', company_id), ('audience', '=', audience),"
        " ('id', '!=', old_type_id), ('is_available', '=', True)]",
    )
    requested_start = fields.Date(
        string="From", help="Empty: tomorrow, or when the last step is passed."
    )
    currency_id = fields.Many2one(related="membership_id.currency_id")
    share_elapsed = fields.Float(
        string="Elapsed (%)", compute="_compute_aid", digits=(5, 1)
    )
    share_left = fields.Float(string="Left (%)", compute="_compute_aid", digits=(5, 1))
    new_share = fields.Monetary(
        string="New Fee for the Rest",
        compute="_compute_aid",
        help="The fee of the new type for the share of the term that is left.",
    )
    old_credit = fields.Monetary(
        string="Old Fee for the Rest",
        compute="_compute_aid",
        help="What was paid for the rest: it is not given back by itself. Add a credit "
        "in Billing if it is to be.",
    )
    fee = fields.Monetary(compute="_compute_fee", store=True, readonly=False)
    cancel_bill = fields.Boolean(
        string="Cancel the Open Bill",
        default=True,
        help="Of what is pending, and is replaced at once.",
    )
    note = fields.Text(help="For the staff: it stays in the history.")

    # === COMPUTE METHODS === #

    @api.depends("membership_id", "type_id", "requested_start")
    def _compute_aid(self):
        for wizard in self:
            aid = {"elapsed": 0.0, "left": 0.0, "new_fee": 0.0, "old_credit": 0.0}
            one = wizard.membership_id
            if one.date_start and wizard.type_id:
                tomorrow = fields.Date.add(one.company_id._billing_today(), days=1)
                day = wizard.requested_start or tomorrow
                aid = one._get_replace_aid(wizard.type_id, day)
            wizard.share_elapsed = float_round(100 * aid["elapsed"], 1)
            wizard.share_left = float_round(100 * aid["left"], 1)
            wizard.new_share = aid["new_fee"]
            wizard.old_credit = aid["old_credit"]

    @api.depends("type_id")
    def _compute_fee(self):
        for wizard in self:
            day = wizard.company_id._billing_today() if wizard.company_id else None
            kind = wizard.type_id
            wizard.fee = kind._get_fee("replace", day).amount if kind and day else 0.0

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        if self.env.context.get("active_model") == "kavi.membership":
            defaults["membership_id"] = self.env.context.get("active_id")
        return defaults

    # === ACTION METHODS === #

    def action_replace(self):
        self.ensure_one()
        new = self.membership_id._replace(
            self.type_id.id,
            self.fee,
            self.note or "",
            self.cancel_bill,
            requested_start=self.requested_start,
        )
        return new._get_records_action()
