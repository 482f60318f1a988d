"""Who works here pays nobody's bill by card from the payer's page, and reads no link in
what is kept of a card payment (KC-11)."""

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestCardReader(HttpCase, CommerceCommon):
    @mute_logger("odoo.http")
    def test_access_reader_pays_nothing(self):
        """Neither from the page nor from the preview: they have no payer's link."""
        bill = self.issued(100)
        self.env.flush_all()
        for role in ("user", "accountant", "officer"):
            login = self.users[role].login
            self.authenticate(login, login)
            with self.subTest(role=role):
                page = self.url_open(f"/my/bills/{bill.id}/preview")
                self.assertIn("This is a preview", page.text)
                self.assertNotIn(f"/my/bills/{bill.id}/pay", page.text)
                self.url_open(f"/my/bills/{bill.id}/pay", data={"amount": "100"})
                self.make_jsonrpc_request(f"/my/bills/{bill.id}/pay/order", {})
                self.env.invalidate_all()
                self.assertFalse(bill.sudo().transaction_ids)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_access_landing_route(self):
        """It holds the payer's link: no field for who keeps the books."""
        bill = self.issued(100)
        tx = bill._pay_by_card(self.provider)
        exports = self.env.ref("base.group_allow_export")
        for user in self.users.values():
            user.group_ids |= exports
        token = bill.sudo()._portal_ensure_token()
        for role in ("user", "accountant", "officer", "administrator"):
            for method, *args in (
                ("read", tx.ids, ["landing_route"]),
                ("search", [("landing_route", "like", token[:5])]),
                ("export_data", tx.ids, ["landing_route"]),
                ("write", tx.ids, {"landing_route": "/x"}),
            ):
                with self.subTest(role=role, method=method):
                    # AccessError among them
                    with self.assertRaises(UserError):
                        self.rpc(role, "payment.transaction", method, *args)
