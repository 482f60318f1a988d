"""What pages look like: Odoo's sass compiles the styles of all addons together."""

from odoo.tests import TransactionCase, tagged

BUNDLES = (
    "web.assets_web",
    "web.assets_web_print",
    "web.assets_frontend",
    "web.report_assets_common",
)


@tagged("post_install", "-at_install")
class TestStyles(TransactionCase):
    def test_styles_compile(self):
        """What does not compile is no error anywhere: each page has the styles of
        before, and a red line."""
        for name in BUNDLES:
            with self.subTest(bundle=name):
                bundle = self.env["ir.qweb"]._get_asset_bundle(name, css=True, js=True)
                self.assertNotIn(b"css_error_message", bundle.css().raw)
