from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...tools.bill_rules import OPEN, STATES


class KaviBill(models.Model):
    """Bills of the time before these books, as an import brings them.

    History (``opening_state``): all of it is past, nothing is in the books, no act is
    possible. Opening balance (``opening_date``): what was open on that day is booked as
    an invoice and lives on like any other; what was settled before is kept here and
    added to what the books say.
    """

    _inherit = "kavi.bill"

    opening_key = fields.Char(
        readonly=True,
        copy=False,
        groups="kavi_billing.group_billing_administrator",
        help="Whose opening balance it is, so that there is only one.",
    )
    opening_state = fields.Selection(
        [(state, label) for state, label in STATES.items() if state != "draft"],
        string="State When Imported",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Only of history: of what is in the books, they say the state.",
    )
    opening_date = fields.Date(
        string="Opening Balance Of",
        readonly=True,
        copy=False,
        help="The day on which what was open came into these books.",
    )
    opening_total = fields.Monetary(
        string="Total Before",
        readonly=True,
        copy=False,
        help="The part of the total that is not in these books.",
    )
    opening_surcharge = fields.Monetary(
        string="Surcharge Before", readonly=True, copy=False
    )
    opening_paid = fields.Monetary(string="Paid Before", readonly=True, copy=False)
    opening_credited = fields.Monetary(
        string="Credited Before", readonly=True, copy=False
    )
    opening_refunded = fields.Monetary(
        string="Refunded Before", readonly=True, copy=False
    )
    opening_due = fields.Monetary(
        string="Open When Imported",
        readonly=True,
        copy=False,
        help="What was due. Of history, it is not owed in these books.",
    )
    opening_payment_date = fields.Date(readonly=True, copy=False)
    opening_refund_date = fields.Date(readonly=True, copy=False)
    opening_cancel_date = fields.Date(readonly=True, copy=False)
    _opening_uniq = models.UniqueIndex(
        "(company_id, opening_key) WHERE opening_key IS NOT NULL",
        "The account has an opening balance already.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _create_opening(self, vals_list):
        """Create bills of the time before, with what is open in the books.

        Does not send notices or callbacks.

        :param list vals_list: a dict a bill: what a bill has, and its opening facts.
            ``opening_date`` with what is open, ``opening_state`` without anything in
            the books; ``opening_account_id`` and ``opening_journal_id`` say where it is
            booked; ``line_ids`` are values of its lines, if more than one is known
        :return: the bills, with superuser rights
        """
        vals_list = [dict(vals) for vals in vals_list]
        places = [
            (vals.pop("opening_account_id", False), vals.pop("opening_journal_id", 0))
            for vals in vals_list
        ]
        for vals in vals_list:
            lines = vals.get("line_ids") or [self._prepare_opening_line(vals)]
            vals["line_ids"] = [Command.create(line) for line in lines]
        bills = (
            self._for_books()
            ._as_act()
            .with_context(
                tracking_disable=True,
                mail_create_nolog=True,
                mail_create_nosubscribe=True,
            )
            .create(vals_list)
        )
        booked = {
            bill: place
            for bill, place in zip(bills, places, strict=True)
            if bill.opening_date
        }
        if booked:
            bills.browse(bill.id for bill in booked)._post_opening(booked)
        bills._forget_states()
        return bills

    def _get_booked_total(self):
        """The part of the total that these books have charged."""
        self.ensure_one()
        return self.currency_id.round(self.amount_total - self.opening_total)

    # === HELPER METHODS === #

    def _get_historical_amounts(self):
        """History: everything as it was imported, and nothing owed here.

        :return: dict of values, for every field of ``_compute_accounting_amounts``
        """
        self.ensure_one()
        currency, state = self.currency_id, self.opening_state
        settled = self.opening_paid + self.opening_credited
        return {
            "state": state,
            "document_numbers": False,
            "invoice_id": False,
            "is_posted": False,
            "is_partly_paid": state in OPEN and not currency.is_zero(settled),
            "amount_untaxed": self.opening_total - self.opening_surcharge,
            "amount_tax": 0.0,
            "surcharge_booked": self.opening_surcharge,
            "amount_total": self.opening_total,
            "amount_paid": self.opening_paid,
            "amount_credited": self.opening_credited,
            "amount_due": 0.0,
            "amount_due_company": 0.0,
            "refund_amount": self.opening_refunded,
            "amount_retained": currency.round(
                self.opening_paid - self.opening_refunded
            ),
            "next_due_date": False,
            "payment_date": self.opening_payment_date,
            "refund_date": self.opening_refund_date,
            "cancel_date": self.opening_cancel_date,
        }

    def _add_opening_amounts(self, vals):
        """Add what was settled before to what the books say.

        :param dict vals: of ``_get_accounting_amounts``
        """
        self.ensure_one()
        currency = self.currency_id
        plus = {
            "surcharge_booked": self.opening_surcharge,
            "amount_paid": self.opening_paid,
            "amount_credited": self.opening_credited,
            "refund_amount": self.opening_refunded,
        }
        if vals["is_posted"]:
            plus["amount_total"] = self.opening_total
            plus["amount_untaxed"] = self.opening_total - self.opening_surcharge
        else:
            # without its invoice the lines speak, and they hold the whole bill
            plus["amount_total"] = self.opening_surcharge
        for name, amount in plus.items():
            vals[name] = currency.round(vals[name] + amount)
        vals["amount_retained"] = currency.round(
            vals["amount_paid"] - vals["refund_amount"]
        )
        if vals["state"] == "paid" and not currency.is_zero(vals["refund_amount"]):
            vals["state"] = "refunded"
        vals["is_partly_paid"] = (
            vals["is_posted"]
            and vals["state"] in OPEN
            and not currency.is_zero(vals["amount_paid"] + vals["amount_credited"])
        )
        vals["refund_date"] = vals["refund_date"] or self.opening_refund_date
        return vals

    @api.model
    def _prepare_opening_line(self, vals):
        """The one line that says what the bill was about, for its documents."""
        total = vals.get("opening_total", 0.0)
        if vals.get("opening_date"):
            total += vals.get("opening_due", 0.0)
        return {
            "name": vals["title"],
            "quantity": 1.0,
            "price_unit": total - vals.get("opening_surcharge", 0.0),
            "tax_ids": [Command.clear()],
        }

    def _post_opening(self, places):
        """Book what is open: one posted invoice a bill, in one batch for a company.

        :param dict places: ``{bill: (account id, journal id)}``
        """
        for company in self.company_id:
            bills = self.filtered(lambda bill, c=company: bill.company_id == c)
            bills = bills.with_company(company)
            with bills._defer_accounting_recompute():
                moves = bills.env["account.move"].create(
                    [
                        bill._prepare_opening_invoice_vals(*places[bill])
                        for bill in bills
                    ]
                )
                moves._post(soft=False)
            for bill, move in zip(bills, moves, strict=True):
                if move.date != bill.opening_date:
                    raise UserError(
                        self.env._(
                            "The books are closed on the day of the opening balances: "
                            "choose a later day, or ask the accountant to open it."
                        )
                    )
        self.env.flush_all()

    def _prepare_opening_invoice_vals(self, account_id, journal_id):
        """Values of the invoice over what was open.

        Without taxes and against an account that is no income: both were booked when
        the bill was issued, before these books.
        """
        self.ensure_one()
        return {
            "move_type": "out_invoice",
            "kavi_bill_id": self.id,
            "company_id": self.company_id.id,
            "journal_id": journal_id,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": False,
            "invoice_date": self.opening_date,
            "date": self.opening_date,
            "invoice_payment_term_id": False,
            "invoice_date_due": self.due_date,
            "invoice_origin": self.name,
            "payment_reference": self.name,
            "ref": self.purchase_order,
            "invoice_user_id": self.env.uid,
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": self.env._(
                            "Open of bill %(bill)s: %(title)s",
                            bill=self.name,
                            title=self.title,
                        ),
                        "quantity": 1.0,
                        "price_unit": self.opening_due,
                        "account_id": account_id,
                        "tax_ids": [Command.clear()],
                    }
                )
            ],
        }
