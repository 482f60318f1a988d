from collections import defaultdict

from odoo import api, fields, models

from ..tools.bill_rules import ACTS, STATES
from ..tools.context import bookkeeping_context, private_value

ORIGINATIONS = [
    ("automated", "Automated (Another Application)"),
    ("billing", "Kavi Billing"),
    ("manual", "Manual (Online Tools)"),
]
# What is no act on a bill, but happened all the same.
SYSTEM_EVENTS = {
    "outside": "In the books",
    "credit": "Credit",
    "account": "Account",
    "other": "Other",
}
# Where the activities of this transaction are remembered: {bill id: activity id}.
_DONE = "kavi.activity.done"


class KaviActivity(models.Model):
    """Activity history: who did what, when, from where (KB-67).

    Written with the act, in its transaction, and never changed after. What a row tells
    stays when its bill, a draft, is deleted.
    """

    _name = "kavi.activity"
    _inherit = ["kavi.protected.mixin"]
    _description = "Activity History"
    _order = "date desc, id desc"
    _rec_name = "reference"
    _rec_names_search = ["reference", "details", "partner_id"]

    date = fields.Datetime(
        required=True, readonly=True, default=fields.Datetime.now, index=True
    )
    user_id = fields.Many2one(
        "res.users", readonly=True, ondelete="set null", index="btree_not_null"
    )
    login = fields.Char(readonly=True, help="Stays when the user is deleted.")
    origination = fields.Selection(
        ORIGINATIONS,
        required=True,
        readonly=True,
        help="Automated: another application raised the bill or acted on it. Kavi "
        "Billing: the billing staff, or a job. Manual: the payer, online.",
    )
    # another addon adds the acts that it brings (selection_add)
    act = fields.Selection(
        [
            *((name, act.label) for name, act in ACTS.items()),
            *SYSTEM_EVENTS.items(),
        ],
        string="Activity",
        required=True,
        readonly=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Account",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    bill_id = fields.Many2one(
        "kavi.bill", readonly=True, ondelete="set null", index="btree_not_null"
    )
    credit_id = fields.Many2one(
        "kavi.credit", readonly=True, ondelete="set null", index="btree_not_null"
    )
    reference = fields.Char(readonly=True, help="The bill or credit, as it was called.")
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")
    old_state = fields.Selection(list(STATES.items()), readonly=True)
    new_state = fields.Selection(list(STATES.items()), readonly=True)
    details = fields.Text(readonly=True)

    @api.model
    def _get_origination(self):
        """Hook: where what is done now comes from; a key of ``ORIGINATIONS``."""
        if private_value(self.env.context, "kavi_application"):
            return "automated"
        return "manual" if self.env.user.share else "billing"

    @api.model
    def _get_acted_ids(self):
        """The ids of the bills with which something was done in this transaction."""
        return self.env.cr.precommit.data.get(_DONE, {}).keys()

    @api.model
    def _record(self, act, details, link=None):
        """Write down an act: one row a record, all in one go.

        :param str act: a key of ``bill_rules.ACTS`` or ``SYSTEM_EVENTS``
        :param dict details: ``{record: text}``; records of bills, credits or accounts
        :param str link: the field that holds the records; none when these are deleted
        """
        common = {
            "act": act,
            "user_id": self.env.uid,
            "login": self.env.user.login,
            "origination": self._get_origination(),
        }
        vals_list = []
        for record, text in details.items():
            vals = {**common, "details": text.strip()}
            if link == "partner_id":
                vals.update(partner_id=record.id, reference=record.name)
            else:
                vals.update(
                    partner_id=record.partner_id.id,
                    company_id=record.company_id.id,
                    reference=record.name or record.display_name,
                )
                if link:
                    vals[link] = record.id
            vals_list.append(vals)
        # sudo: whoever may act leaves a trace, which nobody may write by hand; nor do
        # they change it by the defaults of their context
        context = bookkeeping_context(self.env.context)
        activities = self.with_env(self.env(su=True, context=context))
        activities = activities.create(vals_list)
        if link == "bill_id":
            done = self.env.cr.precommit.data.setdefault(_DONE, {})
            done.update((each.bill_id.id, each.id) for each in activities)

    @api.model
    def _record_states(self, changes):
        """Complete the acts of this transaction with the states that they led to.

        A change that no act explains was made in the books, by an accountant.

        :param dict changes: ``{kavi.bill: (before, after)}``
        """
        done = self.env.cr.precommit.data.get(_DONE, {})
        by_change, outside = defaultdict(list), {}
        for bill, change in changes.items():
            if bill.id in done:
                by_change[change].append(done.pop(bill.id))
            elif change[0]:
                outside.setdefault(change, {})[bill] = ""
        for (before, after), ids in by_change.items():
            # exists: what was done may have been taken back with a savepoint
            self.sudo().browse(ids).exists().write(
                {"old_state": before, "new_state": after}
            )
        for (before, after), details in outside.items():
            self._record("outside", details, "bill_id")
            done = self.env.cr.precommit.data[_DONE]
            self.sudo().browse([done.pop(bill.id) for bill in details]).write(
                {"old_state": before, "new_state": after}
            )

    def action_open_bill(self):
        """The bill or credit that it was about."""
        self.ensure_one()
        return (self.bill_id or self.credit_id or self.partner_id)._get_records_action()
