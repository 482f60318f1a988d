from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.const import STAFF, USER


class KaviBill(models.Model):
    """What a bill has to do with its account's credits (BB-08, BB-14)."""

    _inherit = "kavi.bill"

    memo_ids = fields.One2many(
        "kavi.credit",
        "bill_id",
        string="Credit Memos",
        domain=[("kind", "=", "memo")],
        readonly=True,
        copy=False,
        groups=STAFF,
    )
    has_open_credit = fields.Boolean(
        compute="_compute_has_open_credit",
        groups=USER,
        help="The account has a credit that this bill can take.",
    )

    # === COMPUTE METHODS === #

    @api.depends("allowed_acts", "is_posted", "partner_id", "company_id", "currency_id")
    def _compute_has_open_credit(self):
        names = ["partner_id", "company_id", "currency_id"]
        bills = self.filtered(
            lambda bill: bill.is_posted and not bill._get_refusal("apply_credit")
        )
        found = set()
        if bills:
            found = set(
                self.env["kavi.credit"]._read_group(
                    self.env["kavi.credit"]._get_usable_domain(bills), names
                )
            )
        for bill in self:
            key = tuple(bill._origin[name] for name in names)
            bill.has_open_credit = bill in bills and key in found

    # === ACTION METHODS === #

    def action_apply_credit(self):
        """Open the wizard on these bills, with the credits that they can take."""
        return self._open_wizard("kavi_billing.action_kavi_credit_apply_wizard")

    # === BUSINESS METHODS === #

    def _lock_to_correct(self):
        """Lock bills for which credit memos are posted.

        A memo writes nothing on its bill. The row is updated all the same, so that a
        transaction that has read the bill before fails to serialize and is retried.

        :raise UserError: when one is frozen: no note takes back what it has charged
        """
        self._lock_rows()
        self._check_not_frozen()
        self.env.cr.execute(
            SQL("UPDATE kavi_bill SET id = id WHERE id = ANY(%s)", self.ids)
        )

    def _apply_own_credit_memos(self):
        """Apply what is left of the bills' own credit memos to them.

        Before what is open is credited, or the account would have it twice.
        """
        bills = self._for_books()
        memos = bills.memo_ids.filtered_domain(
            self.env["kavi.credit"]._get_usable_domain(bills)
        )
        for bill in memos.bill_id:
            if not bill.currency_id.is_zero(bill.amount_due):
                memos.filtered(lambda memo, b=bill: memo.bill_id == b)._apply(bill)

    def _record_rests(self):
        """Make what was paid too much of these bills their accounts' credit, whoever
        booked it: an accountant's payment, or a line of the bank statement."""
        items = self._get_receivable_lines(self._get_live_documents("out_invoice"))
        matches = items._get_live_matches() & items.matched_credit_ids
        money = matches.credit_move_id.move_id.filtered(
            lambda move: move.origin_payment_id or move.statement_line_id
        )
        self.env["kavi.credit"]._record_rests(money)
