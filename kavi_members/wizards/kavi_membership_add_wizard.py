from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class KaviMembershipAddWizard(models.TransientModel):
    """Add a membership by hand (KM-36): for whom, which, from when, approved or not,
    with a bill or without."""

    _name = "kavi.membership.add.wizard"
    _inherit = ["kavi.window.mixin"]
    _description = "Add a Membership"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Member",
        required=True,
        check_company=True,
    )
    type_id = fields.Many2one(
        "kavi.membership.type",
        required=True,
        check_company=True,
        domain="[('company_id', '=', company_id), ('is_available', '=', True)]",
    )
    payer_id = fields.Many2one(
        "res.partner",
        string="Billed To",
        check_company=True,
        help="Empty: the member's own account.",
    )
    date_start = fields.Date(
        string="Start", help="Empty: the day on which the last step is passed."
    )
    approved = fields.Boolean(string="Approve Now", default=True)
    billed = fields.Boolean(string="With a Bill", default=True)
    notify = fields.Boolean(string="Mail the Bill", default=True)
    is_by_hand = fields.Boolean(string="Another Fee")
    currency_id = fields.Many2one(related="company_id.currency_id")
    fee = fields.Monetary()
    preview = fields.Char(compute="_compute_preview", string="What It Comes To")

    # === COMPUTE METHODS === #

    @api.depends("type_id", "date_start", "company_id", "billed", "is_by_hand", "fee")
    def _compute_preview(self):
        for wizard in self:
            wizard.preview = wizard._get_preview() if wizard.type_id else False

    def _get_preview(self):
        self.ensure_one()
        day = self.date_start or self.company_id._billing_today()
        try:
            fee, period = self.type_id._get_new_price(day)
        except UserError as error:
            return str(error)
        if self.is_by_hand:
            fee = self.fee
        return self.env._(
            "%(fee)s, from %(start)s until %(end)s",
            fee=self.currency_id.format(fee) if self.billed else self.env._("No bill"),
            start=format_date(self.env, period.start),
            end=format_date(self.env, period.end)
            if period.end
            else self.env._("the end of life"),
        )

    # === ACTION METHODS === #

    def action_add(self):
        self.ensure_one()
        vals = {
            "partner_id": self.partner_id.id,
            "type_id": self.type_id.id,
            "company_id": self.company_id.id,
            "payer_id": self.payer_id.id,
            "date_start": self.date_start,
            "approved": self.approved,
            "unbilled": not self.billed,
        }
        if self.is_by_hand and self.billed:
            vals["fee"] = self.fee
        members = self.env["kavi.membership"]
        return members._add([vals], notify=self.notify)._get_records_action()
