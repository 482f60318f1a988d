from odoo import api, fields, models
from odoo.exceptions import UserError


class KaviCreditApplyWizard(models.TransientModel):
    """Opened on credits, or on bills: then with what their account has open."""

    _name = "kavi.credit.apply.wizard"
    _description = "Apply Credits"
    _inherit = ["kavi.window.mixin"]

    credit_ids = fields.Many2many(
        "kavi.credit",
        string="Credits",
        required=True,
        default=lambda self: self._default_credits(),
        domain="[('partner_id', '=', partner_id), ('company_id', '=', company_id),"
        " ('currency_id', '=', currency_id), ('state', '=', 'open')]",
    )
    bill_ids = fields.Many2many(
        "kavi.bill",
        string="Bills",
        required=True,
        default=lambda self: self._default_bills(),
        domain="[('partner_id', '=', partner_id), ('company_id', '=', company_id),"
        " ('currency_id', '=', currency_id), ('state', 'in', ('new', 'pending')),"
        " ('amount_due', '>', 0)]",
        help="They are settled in this order: the oldest due first, unless you choose "
        "another.",
    )
    left_out = fields.Html(
        string="Left As They Are",
        readonly=True,
        default=lambda self: self._default_left_out(),
        help="Selected bills that can take no credit, and why.",
    )
    partner_id = fields.Many2one("res.partner", compute="_compute_account")
    company_id = fields.Many2one("res.company", compute="_compute_account")
    currency_id = fields.Many2one("res.currency", compute="_compute_account")
    amount_open = fields.Monetary(string="Left On Credits", compute="_compute_amounts")
    amount_due = fields.Monetary(string="Owed On Bills", compute="_compute_amounts")
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        string="Apply",
        help="As much as fits, unless you enter less.",
    )

    @api.model
    def _default_credits(self):
        bills = self._get_active("kavi.bill")
        if not bills:
            return self._get_active("kavi.credit")
        bills = bills._sort_out("apply_credit")[0]
        self._check_one_account(bills)
        Credit = self.env["kavi.credit"]
        credits = Credit.search(Credit._get_usable_domain(bills))
        if not credits:
            raise UserError(
                self.env._(
                    "%s has no open credit in this currency.", bills.partner_id.name
                )
            )
        return credits

    @api.model
    def _default_bills(self):
        bills = self._get_active("kavi.bill")
        credits = self._get_active("kavi.credit")
        if bills:
            return bills._sort_out("apply_credit")[0]
        if not credits:
            return bills
        self._check_one_account(credits)
        bills = self.env["kavi.bill"].search(
            [*self._get_domain(credits), ("state", "in", ("new", "pending"))],
            order="next_due_date, id",
        )
        return bills.filtered(lambda bill: not bill._get_refusal("apply_credit"))

    @api.model
    def _default_left_out(self):
        bills = self._get_active("kavi.bill")
        refused = bills._sort_out("apply_credit")[1] if len(bills) > 1 else None
        return bills._format_refused(refused) if refused else False

    # === COMPUTE METHODS === #

    @api.depends("credit_ids", "bill_ids")
    def _compute_account(self):
        for wizard in self:
            record = wizard.credit_ids[:1] or wizard.bill_ids[:1]
            wizard.partner_id = record.partner_id
            wizard.company_id = record.company_id
            wizard.currency_id = record.currency_id

    @api.depends("credit_ids", "bill_ids")
    def _compute_amounts(self):
        for wizard in self:
            wizard.amount_open = sum(wizard.credit_ids.mapped("amount_open"))
            wizard.amount_due = sum(wizard.bill_ids.mapped("amount_due"))

    @api.depends("amount_open", "amount_due")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = min(wizard.amount_open, wizard.amount_due)

    # === ACTION METHODS === #

    def action_apply_credits(self):
        self.ensure_one()
        self.credit_ids._apply(self.bill_ids, self.amount)
        return {"type": "ir.actions.act_window_close"}

    # === HELPER METHODS === #

    def _get_active(self, model):
        if self.env.context.get("active_model") != model:
            return self.env[model]
        return self.env[model].browse(self.env.context.get("active_ids") or ())

    @api.model
    def _get_domain(self, records):
        return [
            (name, "=", records[name].id)
            for name in ("partner_id", "company_id", "currency_id")
        ]

    @api.model
    def _check_one_account(self, records):
        for name in ("partner_id", "company_id", "currency_id"):
            if len(records[name]) > 1:
                raise UserError(
                    self.env._("Choose those of one account, company and currency.")
                )
