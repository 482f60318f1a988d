from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.const import USER


class ResPartner(models.Model):
    """What accounts have in their favour, and their ledger."""

    _inherit = "res.partner"

    billing_credit_ids = fields.One2many(
        "kavi.credit", "partner_id", string="Credits", groups=USER
    )
    billing_credit_balance = fields.Monetary(
        string="Open Credits",
        compute="_compute_billing_credit_balance",
        currency_field="billing_currency_id",
        groups=USER,
        help="What is still open on the account's credits, in company currency.",
    )

    billing_net_balance = fields.Monetary(
        string="Net Balance",
        compute="_compute_billing_net_balance",
        currency_field="billing_currency_id",
        groups=USER,
        help="What is due less the open credits, in company currency: what the ledger "
        "says. Below zero the account has more in its favour than it owes.",
    )
    billing_credit_detail = fields.Char(
        string="Open Credits By Currency",
        compute="_compute_billing_net_detail",
        groups=USER,
    )
    billing_net_detail = fields.Char(
        string="Net Balance By Currency",
        compute="_compute_billing_net_detail",
        groups=USER,
    )

    @api.depends("billing_balance", "billing_credit_balance")
    def _compute_billing_net_balance(self):
        for partner in self:
            partner.billing_net_balance = (
                partner.billing_balance - partner.billing_credit_balance
            )

    @api.depends("bill_ids.amount_due", "billing_credit_ids.amount_open")
    @api.depends_context("allowed_company_ids", "company", "lang")
    def _compute_billing_net_detail(self):
        owed = self._get_billing_balances()
        given = self._sum_by_currency("kavi.credit", "amount_open")
        for partner in self:
            credits = given.get(partner._origin.id, {})
            credits = {currency: amount for currency, (amount, _n) in credits.items()}
            net = owed.get(partner._origin.id, {})
            net = {currency: amount for currency, (amount, _n) in net.items()}
            for currency, amount in credits.items():
                net[currency] = net.get(currency, 0.0) - amount
            partner.billing_credit_detail = self._format_by_currency(credits)
            partner.billing_net_detail = self._format_by_currency(net)

    @api.depends("billing_credit_ids.amount_open_company")
    @api.depends_context("allowed_company_ids", "company")
    def _compute_billing_credit_balance(self):
        rates = self._get_company_rates()
        # sudo: who may read the field may read the sum; the companies are the user's
        groups = (
            self.env["kavi.credit"]
            .sudo()
            ._read_group(
                [
                    ("partner_id", "in", self._origin.ids),
                    ("company_id", "in", list(rates)),
                    ("amount_open", "!=", 0.0),
                ],
                ["partner_id", "company_id"],
                ["amount_open_company:sum"],
            )
        )
        balances = dict.fromkeys(self._origin.ids, 0.0)
        for partner, company, amount in groups:
            balances[partner.id] += amount * rates[company.id]
        currency = self.env.company.currency_id
        for partner in self:
            partner.billing_credit_balance = currency.round(
                balances.get(partner._origin.id, 0.0)
            )

    def _check_account_removal(self):
        result = super()._check_account_removal()
        issued = (
            self.env["kavi.credit"]
            .sudo()
            ._read_group(
                [("partner_id", "in", self.ids), ("name", "!=", False)], ["partner_id"]
            )
        )
        if issued:
            raise UserError(
                self.env._(
                    "%s was given credits: the account cannot be deleted. Archive the "
                    "contact instead; the credits stay.",
                    ", ".join(partner.name for (partner,) in issued),
                )
            )
        return result

    def _delete_drafts(self):
        # sudo: whether it was ever credited was checked, in all companies
        self.env["kavi.credit"].sudo().search([("partner_id", "in", self.ids)]).unlink()
        return super()._delete_drafts()

    def action_open_credits(self):
        """The account's credits, old and new."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing.action_kavi_credit"
        )
        action["domain"] = [("partner_id", "in", self.ids)]
        action["context"] = {"default_partner_id": self.id if len(self) == 1 else False}
        return action

    def action_open_ledger(self):
        """Every document of the account, in the order of dates, with its balance."""
        return self._open_of_account("kavi_billing.action_kavi_account_ledger")

    def action_open_allocations(self):
        """Which payment or credit settled which bill of the account."""
        return self._open_of_account("kavi_billing.action_kavi_account_allocation")

    def _open_of_account(self, xml_id):
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action["domain"] = [("partner_id", "in", self.ids)]
        if len(self) == 1:
            action["display_name"] = f"{action['name']}: {self.name}"
        action["context"] = {"one_account": len(self) == 1}
        return action
