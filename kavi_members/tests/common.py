"""What the tests of members have in common: one user of each role, types, and short
ways to add memberships and to settle their bills."""

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from freezegun import freeze_time

from odoo.addons.kavi_billing.tests.common import BillingCommon

ROLES = {
    "members_user": "kavi_members.group_members_user",
    "members_officer": "kavi_members.group_members_officer",
    "members_administrator": "kavi_members.group_members_administrator",
}


class MembersCommon(BillingCommon):
    today = "2027-03-10"
    days = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        frozen = freeze_time(f"{cls.today} 12:00:00")
        frozen.start()
        cls.addClassCleanup(frozen.stop)
        for role, groups in ROLES.items():
            cls.users[role] = cls._new_user(role, groups)
        cls.memberships = cls.as_user("members_officer")["kavi.membership"]
        cls.kind = cls.new_type("Gold", fee=120.0)

    @classmethod
    def new_type(cls, name="Silver", fee=0.0, **vals):
        vals = {
            "name": name,
            "company_id": cls.company.id,
            "moderate_new": False,
            **vals,
        }
        if fee:
            vals["fee_ids"] = [(0, 0, {"occasion": "new", "amount": fee})]
        return cls.env["kavi.membership.type"].create(vals)

    @classmethod
    def add(cls, kind=None, partner=None, **vals):
        """A membership, as an officer adds it."""
        return cls.memberships._add(
            [
                {
                    "partner_id": (partner or cls.person).id,
                    "type_id": (kind or cls.kind).id,
                    "company_id": cls.company.id,
                    **vals,
                }
            ]
        )

    @classmethod
    def bill_of(cls, membership):
        """The newest bill, in the hands of the billing officer."""
        bills = membership.sudo().kavi_bill_ids.sorted("id")
        return cls.bills.browse(bills[-1:].id)

    @classmethod
    def commit(cls):
        """What a commit does first: what is pending, then the hooks."""
        cls.env.cr.flush()

    @classmethod
    def settle(cls, membership):
        cls.pay(cls.bill_of(membership))
        cls.commit()

    def assertMember(self, membership, state, **values):
        membership.invalidate_recordset()
        self.assertEqual(membership.state, state)
        for name, value in values.items():
            found = membership[name]
            if hasattr(found, "isoformat"):
                found = found.isoformat()
            self.assertEqual(found, value, name)

    @contextmanager
    def rolled_back(self):
        """A try: what it does, the day that it sets too, is undone."""
        savepoint = self.env.cr.savepoint()
        with ExitStack() as days:
            self.days = days
            try:
                yield
            finally:
                self.days = None
                self.env.cr.precommit.clear()
                self.env.clear()
                savepoint.rollback()
                savepoint.close()

    def go_to(self, day):
        """Let it be that day until the test, or the try, is over."""
        frozen = freeze_time(f"{day} 12:00:00")
        frozen.start()
        if self.days:
            self.days.callback(frozen.stop)
        else:
            self.addCleanup(frozen.stop)

    def job(self, name, model="kavi.membership"):
        """Run a job, but for its commits."""
        progress = patch.object(
            type(self.env["ir.cron"]), "_commit_progress", return_value=1000
        )
        with progress as committed:
            getattr(self.env[model].sudo(), name)()
            self.env.flush_all()
        self.assertTrue(committed.called)

    def path(self, membership):
        """The states that it has been in, with their days."""
        rows = membership.sudo().history_ids.filtered(lambda row: row.event == "state")
        return [(row.date.isoformat(), row.new_state) for row in rows.sorted("id")]

    def summaries(self, membership):
        return set(membership.sudo().activity_ids.mapped("summary"))
