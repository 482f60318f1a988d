from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.kavi_billing.tools.const import DOCUMENT_KINDS

from ..tools.columns import Column
from .kavi_money_event import EVENT_KINDS

KINDS = ("payment", "reversal", "refund", "credit_note")


class KaviPaymentReport(models.Model):
    """Payments, Refunds and Credits: what settled or reopened bills.

    The rows of the ledger that are no invoices, with what one wants to group them by.
    The four amounts add up to what the receivable lost by them. And what concerned
    money and left no entry (``kavi.money.event``), with an amount of its own: its rows
    have negative ids.
    """

    _name = "kavi.payment.report"
    _inherit = ["kavi.view.mixin", "kavi.report.mixin"]
    _description = "Payments, Refunds And Credits"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "reference"
    _rec_names_search = ["reference", "label", "partner_id"]

    partner_id = fields.Many2one("res.partner", string="Account", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date(readonly=True)
    kind = fields.Selection(
        [*(kind for kind in DOCUMENT_KINDS if kind[0] in KINDS), *EVENT_KINDS],
        string="Document",
        readonly=True,
    )
    reference = fields.Char(readonly=True)
    label = fields.Char(readonly=True)
    bill_id = fields.Many2one(
        "kavi.bill", readonly=True, help="If it was for one bill only."
    )
    kind_id = fields.Many2one("kavi.bill.kind", string="Bill Kind", readonly=True)
    payment_method_id = fields.Many2one("kavi.payment.method", readonly=True)
    credit_id = fields.Many2one("kavi.credit", readonly=True)
    amount_paid = fields.Monetary(string="Paid", readonly=True)
    amount_reversed = fields.Monetary(
        string="Reversed", readonly=True, help="Payments that bounced."
    )
    amount_refunded = fields.Monetary(string="Refunded", readonly=True)
    amount_credited = fields.Monetary(string="Credited", readonly=True)
    amount_event = fields.Monetary(
        string="Not Booked",
        readonly=True,
        help="What an event was about that left no entry in the books.",
    )
    amount = fields.Monetary(
        string="In Favour of the Account",
        readonly=True,
        help="Paid and credited, less reversed and refunded.",
    )
    amount_open = fields.Monetary(
        string="Not Applied", readonly=True, help="What settled no bill yet."
    )
    amount_company = fields.Monetary(
        string="Amount (Company Currency)",
        readonly=True,
        currency_field="company_currency_id",
    )

    # what has to be in the database before the view is read
    _depends = {
        "account.payment": ["kavi_method_id"],
        "kavi.account.ledger": ["amount", "kind"],
        "kavi.bill": ["kind_id", "payment_method_id"],
        "kavi.money.event": ["amount", "bill_id", "kind", "label", "reference"],
    }

    @api.model
    def _query(self):
        # the ledger's query, not its view: that may be made anew without this one
        return SQL(
            """
            SELECT entry.id, entry.partner_id, entry.company_id, entry.currency_id,
                   entry.company_currency_id, entry.date, entry.kind, entry.reference,
                   entry.label, entry.bill_id, entry.credit_id,
                   bill.kind_id,
                   -- a payment for several bills has no bill of its own
                   COALESCE(payment.kavi_method_id, bill.payment_method_id)
                       AS payment_method_id,
                   CASE WHEN entry.kind = 'payment'
                        THEN -entry.amount ELSE 0 END AS amount_paid,
                   CASE WHEN entry.kind = 'reversal'
                        THEN entry.amount ELSE 0 END AS amount_reversed,
                   CASE WHEN entry.kind = 'refund'
                        THEN entry.amount ELSE 0 END AS amount_refunded,
                   CASE WHEN entry.kind = 'credit_note'
                        THEN -entry.amount ELSE 0 END AS amount_credited,
                   0 AS amount_event,
                   -entry.amount AS amount,
                   -entry.amount_open AS amount_open,
                   -entry.amount_company AS amount_company
              FROM (%s) entry
         LEFT JOIN kavi_bill bill ON bill.id = entry.bill_id
         LEFT JOIN account_payment payment ON payment.id = entry.payment_id
             WHERE entry.kind IN %s
         UNION ALL
            SELECT -event.id, event.partner_id, event.company_id, event.currency_id,
                   company.currency_id, event.date, event.kind, event.reference,
                   event.label, event.bill_id, NULL, bill.kind_id,
                   bill.payment_method_id, 0, 0, 0, 0, event.amount, 0, 0, 0
              FROM kavi_money_event event
              JOIN res_company company ON company.id = event.company_id
         LEFT JOIN kavi_bill bill ON bill.id = event.bill_id
            """,
            self.env["kavi.account.ledger"]._query(),
            KINDS,
        )

    @api.model
    def _get_report_columns(self):
        return [
            Column(self.env._("Date"), "date"),
            Column(self.env._("Account"), "partner_id.name"),
            Column(self.env._("Document"), "kind"),
            Column(self.env._("Reference"), "reference"),
            Column(self.env._("Bill ID"), "bill_id.name"),
            Column(self.env._("Bill"), "bill_id.title", False),
            Column(self.env._("Bill Kind"), "kind_id.name", False),
            Column(self.env._("Payment Method"), "payment_method_id.name", False),
            Column(self.env._("Credit"), "credit_id.name", False),
            Column(self.env._("Label"), "label", False),
            Column(self.env._("Currency"), "currency_id.name"),
            Column(self.env._("Paid"), "amount_paid"),
            Column(self.env._("Reversed"), "amount_reversed"),
            Column(self.env._("Refunded"), "amount_refunded"),
            Column(self.env._("Credited"), "amount_credited"),
            Column(self.env._("Not Booked"), "amount_event", False),
            Column(self.env._("Not Applied"), "amount_open", False),
            Column(self.env._("Amount (Company Currency)"), "amount_company", False),
            Column(self.env._("Company"), "company_id.name", False),
        ]

    def action_open_bill(self):
        """The bill that it was for."""
        return self.bill_id._get_records_action()
