"""What clients can call of exports and the outbox."""

from odoo.tests import tagged

from odoo.addons.kavi_billing.tests.common import BillingCommon

PUBLIC_METHODS = {
    "kavi.export": "action_download action_export_again",
    "kavi.export.wizard": "action_export",
    "kavi.outbox": "action_new_key action_new_secret",
    "kavi.outbox.message": "action_retry",
}


@tagged("post_install", "-at_install")
class TestExportAccess(BillingCommon):
    def test_public_methods_are_the_known_ones(self):
        """A new method that clients can call has to be thought about here."""
        self.assertPublicMethods(
            "kavi_billing_export",
            PUBLIC_METHODS,
            overridden="create unlink write",
        )
