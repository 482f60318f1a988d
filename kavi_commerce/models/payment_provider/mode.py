from odoo import api, fields, models


class PaymentProvider(models.Model):
    """Live and test: whose credentials these are, and what ends when that changes (see
    ``mode`` of the transaction)."""

    _inherit = "payment.provider"

    kavi_is_live = fields.Boolean(
        compute="_compute_kavi_is_live",
        store=True,
        help="Its credentials are live ones; one that is disabled keeps what it was.",
    )
    # which credentials PayPal has taken as live ones
    kavi_live_client_id = fields.Char(
        readonly=True, copy=False, groups="base.group_system"
    )

    # === COMPUTE METHODS === #

    @api.depends("state")
    def _compute_kavi_is_live(self):
        for provider in self:
            if provider.state == "disabled":
                provider.kavi_is_live = provider.kavi_is_live
            else:
                provider.kavi_is_live = provider.state == "enabled"

    # === CRUD METHODS === #

    def write(self, vals):
        states = {provider: provider.state for provider in self}
        result = super().write(vals)
        changed = self.filtered(lambda provider: provider.state != states[provider])
        is_other = "paypal_client_id" in vals or "paypal_client_secret" in vals
        # a live token is not shown to the sandbox
        (self if is_other else changed)._forget_paypal_token()
        if changed:
            found = self.env["payment.transaction"]._find_of_ended_mode(changed)
            # those that somebody works on end when they are looked at
            found.filtered(lambda tx: tx._get_end_reason()).try_lock_for_update(
                allow_referencing=True
            )._end_with_mode()
        return result

    # === HELPER METHODS === #

    def _forget_paypal_token(self):
        if kept := self.sudo().filtered("paypal_access_token"):
            kept.write(
                {
                    "paypal_access_token": False,
                    "paypal_access_token_expiry": "1970-01-01",
                }
            )
