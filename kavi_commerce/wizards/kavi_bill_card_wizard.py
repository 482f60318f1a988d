from odoo import api, fields, models
from odoo.exceptions import UserError


class KaviBillCardWizard(models.TransientModel):
    _name = "kavi.bill.card.wizard"
    _description = "Pay Bills By Card"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "pay_by_card"

    provider_name = fields.Char(compute="_compute_provider", string="Gateway")
    is_test = fields.Boolean(compute="_compute_provider")
    off_terms_hint = fields.Char(compute="_compute_off_terms_hint")
    off_terms = fields.Boolean(
        string="By Card All the Same",
        help="The payment terms name other methods, and it is paid by card.",
    )
    amount_due = fields.Monetary(related="bill_id.amount_due")
    amount = fields.Monetary(
        compute="_compute_amount", store=True, readonly=False, precompute=True
    )
    summary = fields.Char(compute="_compute_summary", string="Total")

    @api.depends("bill_ids")
    def _compute_provider(self):
        for wizard in self:
            provider = wizard.bill_ids[:1]._get_card_provider()
            wizard.provider_name = provider.name or self.env._("None is switched on")
            wizard.is_test = provider.state == "test"

    @api.depends("bill_ids")
    def _compute_off_terms_hint(self):
        Method = self.env["kavi.payment.method"]
        for wizard in self:
            method = Method._get_card_method(wizard.bill_ids.company_id[:1])
            bills = wizard.bill_ids._get_off_terms(method)
            wizard.off_terms_hint = bool(bills) and self.env._(
                "The payment terms of %(bills)s do not name %(method)s.",
                bills=", ".join(bills.mapped("display_name")),
                method=method.name,
            )

    @api.depends("bill_id")
    def _compute_amount(self):
        for wizard in self:
            bill = wizard.bill_id
            # as the payer's page proposes it
            parts = bill and bill._get_open_instalments()
            wizard.amount = (
                bill._get_next_payment() if len(parts or ()) > 1 else bill.amount_due
            )

    @api.depends("bill_ids")
    def _compute_summary(self):
        for wizard in self:
            wizard.summary = wizard._format_sum("amount_due")

    def action_pay_by_card(self):
        """Start the payment; the payer's card is entered at the gateway."""
        with self._acting():
            bills, amounts = self.bill_ids, None
            if self.bill_id and bills.currency_id.compare_amounts(
                self.amount, self.bill_id.amount_due
            ):
                amounts = {bills: self.amount}
            provider = bills._get_card_provider()
            if not provider:
                raise UserError(
                    self.env._(
                        "No gateway is switched on for %s. An administrator can do so "
                        "under Billing → Configuration → Settings.",
                        bills.company_id.name,
                    )
                )
            tx = bills._pay_by_card(
                provider,
                amounts=amounts,
                landing_route=self._get_landing_route(),
                flow="redirect",
                off_terms=self.off_terms,
            )
            url = tx._kavi_open_checkout()
        if url:
            return {"type": "ir.actions.act_url", "url": url, "target": "self"}
        return tx.with_env(self.env)._get_records_action(name=self.env._("Transaction"))

    def _get_landing_route(self):
        """The officer comes back to where the payment was begun."""
        path = "/odoo/kavi-bills"
        return f"{path}/{self.bill_id.id}" if self.bill_id else path
