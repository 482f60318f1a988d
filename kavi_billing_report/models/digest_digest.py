from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain


class DigestDigest(models.Model):
    """What was billed and what came in, in the mail that people subscribe to (BB-19).

    Both are sums of posted entries in the company's currency, as the other figures of
    the digest are.
    """

    _inherit = "digest.digest"

    kpi_billing_billed = fields.Boolean("Billed, Less Credited")
    kpi_billing_billed_value = fields.Monetary(
        compute="_compute_kpi_billing_billed_value"
    )
    kpi_billing_received = fields.Boolean("Payments of Bills")
    kpi_billing_received_value = fields.Monetary(
        compute="_compute_kpi_billing_received_value"
    )

    def _compute_kpi_billing_billed_value(self):
        """Invoices of bills, less their credit notes."""
        self._set_billing_kpi(
            "kpi_billing_billed_value",
            "account.move",
            "amount_total_signed",
            Domain("kavi_bill_id", "!=", False)
            & Domain("state", "=", "posted")
            & Domain("move_type", "in", ("out_invoice", "out_refund")),
        )

    def _compute_kpi_billing_received_value(self):
        """Payments of accounts, less those that bounced."""
        self._set_billing_kpi(
            "kpi_billing_received_value",
            "kavi.payment.report",
            "amount_company",
            Domain("kind", "in", ("payment", "reversal")),
        )

    def _set_billing_kpi(self, name, model, amount, domain):
        if not self.env.user.has_group("kavi_billing.group_billing_user"):
            # the digest leaves a figure out for those who may not see it
            raise AccessError(self.env._("The figures are for the billing staff."))
        start, end, companies = self._get_kpi_compute_parameters()
        domain &= (
            Domain("company_id", "in", companies.ids)
            & Domain("date", ">", start)
            & Domain("date", "<=", end)
        )
        # sudo: the digest is of its company, whichever the reader works in just now
        rows = self.env[model].sudo()
        sums = dict(rows._read_group(domain, ["company_id"], [f"{amount}:sum"]))
        for digest in self:
            digest[name] = sums.get(digest.company_id or self.env.company, 0.0)

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("kavi_billing.menu_billing_root").id
        for name, action in (
            ("kpi_billing_billed", "kavi_billing.action_kavi_bill"),
            ("kpi_billing_received", "kavi_billing_report.action_kavi_payment_report"),
        ):
            actions[name] = f"{action}?menu_id={menu}"
        return actions
