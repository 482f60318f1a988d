"""Before transactions are purged and bills freeze, the administrators are told how many
and when; fewer months are asked for first (KC-35, KC-36)."""

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CommerceCommon

PAID = "2026-01-10 08:00:00"


@tagged("post_install", "-at_install")
class TestPurgeIsTold(CommerceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = cls.users["administrator"]
        cls.users["settings"] = cls._new_user("settings", "base.group_erp_manager")

    def paid_by_card(self, count=1):
        bills = self.bills
        for _number in range(count):
            bill = self.issued(100)
            self.pay_by_card(bill)
            bills |= bill
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET last_state_change = %s WHERE id IN %s",
            [PAID, tuple(bills.sudo().transaction_ids.ids)],
        )
        self.env.invalidate_all()
        return bills

    def purge(self, day):
        with (
            self.at(f"{day} 12:00:00"),
            self.enter_registry_test_mode(),
            mute_logger("odoo.addons.base.models.ir_cron"),
        ):
            self.env.ref("kavi_commerce.cron_purge").sudo().method_direct_trigger()
        self.env.invalidate_all()

    def told(self, bills):
        return bills.sudo().activity_ids.filtered(
            lambda activity: (
                "freeze" in activity.summary and activity.user_id == self.administrator
            )
        )

    def settings(self, **vals):
        Settings = self.as_user("administrator")["res.config.settings"].sudo()
        return Settings.create({"company_id": self.company.id, **vals})

    def test_a_month_ahead(self):
        """18 months after the last change, and not a day without warning."""
        bills = self.paid_by_card(2)
        self.purge("2027-06-09")  # a month and a day before
        self.assertFalse(self.told(bills))
        self.purge("2027-06-10")
        activity = self.told(bills)
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.summary, "2 bills will freeze")
        self.assertEqual(str(activity.date_deadline), "2027-07-10")
        for word in ("07/10/2027", "2 bills", *bills.mapped("name")):
            self.assertIn(word, str(activity.note))
        self.assertEqual(
            self.settings().purge_announcement, "2 bills will freeze on 07/10/2027."
        )
        self.purge("2027-07-09")
        self.assertFalse(any(bills.mapped("is_frozen")))
        self.assertEqual(len(self.told(bills)), 1)  # once, not every night
        self.purge("2027-07-11")
        self.assertEqual(bills.mapped("is_frozen"), [True, True])
        self.assertIn("No bill", self.settings().purge_announcement)

    def test_job_that_did_not_run(self):
        """However old: a month's warning all the same."""
        bill = self.paid_by_card()
        self.purge("2030-01-01")
        self.assertFalse(bill.is_frozen)
        self.assertEqual(str(self.told(bill).date_deadline), "2030-02-01")
        self.purge("2030-01-31")
        self.assertFalse(bill.is_frozen)
        self.purge("2030-02-01")
        self.assertTrue(bill.is_frozen)

    def test_changed_after_it_was_told(self):
        """Its months count anew, and so does the warning."""
        bill = self.paid_by_card()
        self.purge("2027-06-10")
        bill.sudo().transaction_ids.last_state_change = "2027-06-20 12:00:00"
        self.env.flush_all()
        self.purge("2027-07-11")
        self.assertFalse(bill.is_frozen)
        self.purge("2028-12-25")
        self.assertFalse(bill.is_frozen)
        self.purge("2029-01-25")
        self.assertTrue(bill.is_frozen)

    def test_fewer_months_ask_first(self):
        """On any path, with the number of bills; what is agreed to goes at once."""
        bills = self.paid_by_card(3)
        with self.at("2026-12-01 12:00:00"):
            with self.refused("3 bills", "freeze at once"):
                self.company.billing_gateway_purge_months = 6
            with self.refused("3 bills", "freeze at once"):
                self.rpc_company({"billing_gateway_purge_months": 6})
            with self.refused("3 bills", "freeze at once"):
                self.settings(billing_gateway_purge_months=6)
            self.env.invalidate_all()
            self.assertEqual(self.company.billing_gateway_purge_months, 18)
            # nothing is that old: nobody is asked
            self.settings(billing_gateway_purge_months=12)
            self.assertEqual(self.company.billing_gateway_purge_months, 12)
            page = self.env["res.config.settings"].new(
                {"company_id": self.company.id, "billing_gateway_purge_months": 6}
            )
            self.assertEqual(page.freeze_count, 3)
            self.settings(billing_gateway_purge_months=6, is_freeze_agreed=True)
            self.assertEqual(self.company.billing_gateway_purge_months, 6)
        self.purge("2026-12-02")
        self.assertEqual(bills.mapped("is_frozen"), [True] * 3)

    def test_from_never_asks_too(self):
        self.paid_by_card(2)
        self.company.billing_gateway_purge_months = 0  # never: nothing to ask
        with self.at("2028-01-01 12:00:00"):
            with self.refused("2 bills"):
                self.company.billing_gateway_purge_months = 18
            self.company.billing_gateway_purge_months = 36

    def test_context_agrees_to_nothing(self):
        self.paid_by_card()
        with self.at("2026-12-01 12:00:00"), self.refused("freeze at once"):
            self.rpc_company(
                {"billing_gateway_purge_months": 6}, context={"kavi_freeze_agreed": 1}
            )

    def test_more_months_take_the_warning_back(self):
        bill = self.paid_by_card()
        self.purge("2027-06-10")
        self.company.billing_gateway_purge_months = 24
        self.env.flush_all()
        self.purge("2027-07-11")
        self.assertFalse(bill.is_frozen)
        self.purge("2027-12-12")  # told again: a month before
        self.assertFalse(bill.is_frozen)
        self.purge("2028-01-12")
        self.assertTrue(bill.is_frozen)

    def test_open_bills_are_not_counted(self):
        """They are not frozen, only their transactions are purged."""
        bill = self.issued(100)
        tx = self.start(bill)
        tx._kavi_cancel_checkout()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET last_state_change = %s WHERE id = %s",
            [PAID, tx.id],
        )
        self.env.invalidate_all()
        with self.at("2026-12-01 12:00:00"):
            self.company.billing_gateway_purge_months = 6
        self.purge("2026-12-01")
        self.assertFalse(self.told(bill))

    def rpc_company(self, vals, **kwargs):
        """As who may write companies, through Odoo's own gate."""
        return self.rpc(
            "settings", "res.company", "write", self.company.ids, vals, **kwargs
        )

    def test_officers_do_not_set_it(self):
        with self.assertRaises(AccessError):
            self.rpc(
                "officer",
                "res.company",
                "write",
                self.company.ids,
                {"billing_gateway_purge_months": 1},
            )
