"""What clients can call of the reports."""

from odoo.tests import tagged

from odoo.addons.kavi_billing.tests.common import BillingCommon

PUBLIC_METHODS = {
    "kavi.aging.report": "action_open_bill",
    "kavi.balance.report": "action_open_bills",
    "kavi.billing.overview": "get_overview",
    "kavi.log.report": "action_open_bill",
    "kavi.payment.report": "action_open_bill",
    "kavi.report.mixin": "action_download",
    "kavi.report.wizard": "action_download action_print",
}


@tagged("post_install", "-at_install")
class TestReportAccess(BillingCommon):
    def test_public_methods_are_the_known_ones(self):
        """A new method that clients can call has to be thought about here."""
        self.assertPublicMethods(
            "kavi_billing_report",
            PUBLIC_METHODS,
            overridden="init",
            mixins=["kavi.report.mixin"],
        )
