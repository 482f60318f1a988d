from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.bill_rules import OPEN, STATES
from ..tools.instalments import INSTALMENT_STATES


class KaviBillInstalment(models.Model):
    """What is due when on an issued bill: one row an instalment, also if it is one.

    A view on the receivable items of the invoice that stands for the bill, so it cannot
    differ from the books. Its ids are those of the journal items. What was matched with
    an entry that is no longer posted does not count, as on the bill.

    No window function, on purpose: a filter on the bill or the day has to reach the
    index on ``account_move_line``'s ``move_id`` or ``date_maturity``.
    """

    _name = "kavi.bill.instalment"
    _inherit = ["kavi.view.mixin"]
    _description = "Bill Instalment"
    _auto = False
    _order = "due_date, id"
    _rec_names_search = ["bill_id"]

    bill_id = fields.Many2one("kavi.bill", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Account", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    number = fields.Integer(string="No.", readonly=True, aggregator=None)
    is_deposit = fields.Boolean(string="Deposit", readonly=True)
    due_date = fields.Date(readonly=True)
    amount = fields.Monetary(readonly=True)
    amount_paid = fields.Monetary(
        string="Settled", readonly=True, help="By money or by credit."
    )
    amount_due = fields.Monetary(string="Open", readonly=True)
    state = fields.Selection(
        list(INSTALMENT_STATES.items()),
        compute="_compute_state",
        search="_search_state",
    )
    bill_state = fields.Selection(
        list(STATES.items()), string="State of the Bill", readonly=True
    )
    is_disputed = fields.Boolean(string="In Dispute", readonly=True)
    is_frozen = fields.Boolean(string="Frozen", readonly=True)

    # what has to be in the database before the view is read
    _depends = {
        "account.move": ["kavi_bill_id"],
        "account.move.line": [
            "amount_currency",
            "date_maturity",
            "display_type",
            "is_kavi_deposit",
            "move_id",
            "parent_state",
        ],
        "account.partial.reconcile": [
            "credit_move_id",
            "debit_amount_currency",
            "debit_move_id",
        ],
        "kavi.bill": [
            "company_id",
            "currency_id",
            "invoice_id",
            "is_disputed",
            "is_frozen",
            "partner_id",
            "state",
        ],
    }

    @api.model
    def _query(self):
        return SQL(
            """
            SELECT line.id,
                   bill.id AS bill_id,
                   bill.partner_id,
                   bill.company_id,
                   bill.currency_id,
                   bill.state AS bill_state,
                   bill.is_disputed,
                   bill.is_frozen,
                   COALESCE(line.is_kavi_deposit, FALSE) AS is_deposit,
                   line.date_maturity AS due_date,
                   line.amount_currency AS amount,
                   settled.amount AS amount_paid,
                   line.amount_currency - settled.amount AS amount_due,
                   (SELECT COUNT(*)
                      FROM account_move_line other
                     WHERE other.move_id = line.move_id
                       AND other.display_type = 'payment_term'
                       AND other.amount_currency <> 0
                       AND (other.date_maturity, other.id)
                           <= (line.date_maturity, line.id)
                   )::integer AS number
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              JOIN kavi_bill bill ON bill.id = move.kavi_bill_id
                                 AND bill.invoice_id = move.id
        CROSS JOIN LATERAL (
                    SELECT COALESCE(SUM(match.debit_amount_currency), 0) AS amount
                      FROM account_partial_reconcile match
                      JOIN account_move_line counterpart
                        ON counterpart.id = match.credit_move_id
                     WHERE match.debit_move_id = line.id
                       AND counterpart.parent_state = 'posted'
                   ) settled
             WHERE line.parent_state = 'posted'
               AND line.display_type = 'payment_term'
               AND line.amount_currency <> 0
            """
        )

    # === COMPUTE METHODS === #

    @api.depends("bill_id", "number")
    def _compute_display_name(self):
        for instalment in self:
            instalment.display_name = self.env._(
                "Instalment %(number)s of %(bill)s",
                number=instalment.number,
                bill=instalment.bill_id.name or "",
            )

    # not stored: it depends on today
    @api.depends("due_date", "amount_paid", "amount_due", "bill_state", "company_id")
    def _compute_state(self):
        today = {company: company._billing_today() for company in self.company_id}
        for instalment in self:
            instalment.state = (
                "canceled"
                if instalment.bill_state == "canceled"
                else self._get_state(
                    instalment.due_date,
                    today[instalment.company_id],
                    instalment.amount_due,
                    instalment.amount_paid,
                )
            )

    @api.model
    def _get_state(self, due_date, today, amount_due, amount_paid=0.0):
        """Where an instalment stands.

        Due is what is to be paid today, and what is to come but was begun to be paid.
        """
        if not amount_due:
            return "paid"
        if due_date < today:
            return "overdue"
        return "due" if due_date == today or amount_paid else "to_come"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        days = self.env["res.company"]._get_billing_days()
        return Domain.OR(self._get_state_domain(state, days) for state in set(value))

    @api.model
    def _get_state_domain(self, state, days):
        """The instalments in ``state``, where ``days`` says what today is."""
        if state == "canceled":
            return Domain("bill_state", "=", "canceled")
        if state == "paid":
            return Domain("bill_state", "!=", "canceled") & Domain("amount_due", "=", 0)
        if state not in INSTALMENT_STATES:
            return Domain.FALSE
        # something is open on open bills only, and these have an index
        begun = Domain("amount_paid", "!=", 0)
        is_open = Domain("bill_state", "in", OPEN) & Domain("amount_due", "!=", 0)
        return is_open & Domain.OR(
            Domain("company_id", "in", ids)
            & {
                "overdue": Domain("due_date", "<", day),
                "due": Domain("due_date", "=", day)
                | (Domain("due_date", ">", day) & begun),
                "to_come": Domain("due_date", ">", day) & ~begun,
            }[state]
            for day, ids in days.items()
        )

    # === ACTION METHODS === #

    def action_open_bill(self):
        """The bill of which this is a part."""
        return self.bill_id._get_records_action()
