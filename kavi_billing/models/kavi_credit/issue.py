from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class KaviCredit(models.Model):
    """How a credit is issued, and what a payment leaves over (D-03).

    The guard is asked first, as the user; the entries are then made by
    :meth:`_for_books`, for a billing officer needs no accounting role.

    A credit's note is not one of the bill's own documents (``kavi_bill_id``) and is no
    reversal of its invoice: such a note would swallow what is open on the invoice when
    it is posted, and the bill would be canceled instead of paid.
    """

    _inherit = "kavi.credit"

    # === ACTION METHODS === #

    def action_issue(self):
        """Give the credits that can be given: number, posted credit note."""
        done, refused = self._act_in_bulk(lambda credits: credits._issue())
        return done._get_report_action(refused) or True

    # === BUSINESS METHODS === #

    def _issue(self):
        """Issue drafts, as many as there are in one batch.

        Where the company wants it so, they settle at once what the accounts owe.

        :raise UserError: with the reason; then none of them is issued
        """
        self._lock_in_state("draft")
        self.filtered(lambda credit: credit.kind == "memo").bill_id._lock_to_correct()
        books = self._for_books()
        for credit in books:
            credit._check_issuable()
        self.partner_id._open_billing_account()
        credits = books.with_context(
            tracking_disable=True, mail_create_nolog=True, mail_notrack=True
        )
        for company, batch in credits.grouped("company_id").items():
            batch.with_company(company)._post_notes()
        credits.env.flush_all()
        self._log(
            {
                credit: self.env._(
                    "Issued as %(name)s: %(amount)s. %(reason)s",
                    name=credit.name,
                    amount=credit.currency_id.format(credit.amount),
                    reason=credit.reason,
                )
                for credit in self
            },
            on_account=True,
        )
        self._apply_automatically()

    @api.model
    def _record_overpayments(self, payments, bills=None):
        """Make the open rest of posted payments their accounts' credits.

        Nothing is booked: the rest is in the books already, on the payment. Payments
        that left nothing, and those recorded before, are passed over.

        :param payments: posted inbound ``account.payment`` of billing accounts
        :param bills: the bills that they were meant for; what they paid of these is not
            taken off again with :meth:`_unapply`
        :return: the new credits
        """
        self._check_role("officer")
        return self._record_rests(payments.move_id, bills)

    @api.model
    def _record_rests(self, moves, bills=None):
        """As :meth:`_record_overpayments`, for posted entries of money: payments, and
        lines of the bank statement."""
        books = self._for_books()
        moves = moves.with_env(books.env)
        moves -= books.search([("move_id", "in", moves.ids)]).move_id
        vals_list = []
        for move in moves:
            items = self._get_credit_items(move)
            rest = -sum(items.mapped("amount_residual_currency"))
            account, currency = items.partner_id, items.currency_id
            if (
                len(account) != 1
                or len(currency) != 1
                or currency.compare_amounts(rest, 0.0) <= 0
            ):
                continue
            paid = items.matched_debit_ids.debit_move_id.move_id.kavi_bill_id
            bill = paid & bills.with_env(books.env) if bills else paid
            (name,) = move.company_id._next_credit_names([move.date])
            vals_list.append(
                {
                    "name": name,
                    "kind": "overpayment",
                    "partner_id": account.commercial_partner_id.id,
                    "company_id": move.company_id.id,
                    "currency_id": currency.id,
                    "reason": self.env._("Left over of payment %s", move.name),
                    "amount": rest,
                    "date": move.date,
                    "bill_id": bill[:1].id,
                    "move_id": move.id,
                }
            )
        credits = (
            books._as_act()
            .with_context(mail_create_nolog=True)
            .create(vals_list)
            .with_env(self.env)
        )
        credits._log(
            {
                credit: self.env._(
                    "%(amount)s paid too much. %(reason)s",
                    amount=credit.currency_id.format(credit.amount),
                    reason=credit.reason,
                )
                for credit in credits
            },
            on_account=True,
        )
        credits._apply_automatically()
        return credits

    # === HELPER METHODS === #

    def _check_issuable(self):
        """Refuse a draft that cannot become a credit note, with what to do."""
        self.ensure_one()
        partner = self.partner_id
        company = self.company_id
        problem = ""
        if not partner.active:
            problem = self.env._(
                "the account %s is archived. Unarchive it before crediting it.",
                partner.name,
            )
        elif partner.is_billing_holder:
            problem = partner._get_holder_problem()
        elif not self.currency_id.active:
            problem = self.env._(
                "the currency %s is not active. Activate it in Invoicing.",
                self.currency_id.name,
            )
        elif not partner.with_company(company).property_account_receivable_id:
            problem = self.env._(
                "%(account)s has no receivable account in %(company)s. Set it on the "
                "contact (Accounting tab), or install a chart of accounts.",
                account=partner.name,
                company=company.name,
            )
        elif self.expiry_date and self.expiry_date < company._billing_today():
            problem = self.env._("it would have expired already. Choose a later day.")
        elif self.bill_id:
            problem = self._get_incompatibility_reason(self.bill_id)
        if not problem and self.kind == "memo" and not self.bill_id.is_posted:
            problem = self.env._(
                "the invoice of bill %s is not posted, there is nothing to correct. "
                "Ask the accountant to post it first.",
                self.bill_id.name,
            )
        if problem:
            raise UserError(
                self.env._(
                    "%(credit)s: %(problem)s",
                    credit=self.display_name,
                    problem=problem,
                )
            )
        company._get_billing_journal()  # says so when there is none

    @api.model
    def _check_open_period(self, company, journal, date):
        """Refuse what would be booked in a closed period."""
        closed = self._get_closed_until(company, journal, date)
        if closed:
            raise UserError(
                self.env._(
                    "The books are closed until %(locked)s: nothing can be booked on "
                    "%(date)s. Choose a later day.",
                    locked=fields.Date.to_string(closed),
                    date=fields.Date.to_string(date),
                )
            )

    def _post_notes(self):
        """Create and post the credit notes of one company's credits, in one batch."""
        company = self.company_id
        journal = company._get_billing_journal()
        for day in set(self.mapped("date")):
            self._check_open_period(company, journal, day)
        names = company._next_credit_names(self.mapped("date"))
        for credit, name in zip(self, names, strict=True):
            credit._write_facts({"name": name})
        memos = self.filtered(lambda credit: credit.kind == "memo")
        others = self - memos
        notes = self.env["account.move"].create(
            [credit._prepare_note_vals(journal) for credit in others]
        )
        for credit, note in zip(others, notes, strict=True):
            credit._settle_rounding(note)
        notes._post(soft=False)
        others._keep_notes(notes)
        while memos:
            # of a bill one at a time: each takes its part of what the others left
            batch = memos.browse(
                bill_memos[:1].id for bill_memos in memos.grouped("bill_id").values()
            )
            vals_list = [memo._prepare_memo_vals(journal) for memo in batch]
            batch._keep_notes(batch.bill_id._post_note_vals(vals_list))
            memos -= batch

    def _keep_notes(self, notes):
        for credit, note in zip(self, notes, strict=True):
            credit._write_facts({"move_id": note.id})
        self._log_documents(notes)

    def _prepare_note_vals(self, journal):
        """Values of the credit note behind the credit."""
        self.ensure_one()
        company = self.company_id
        product = company.billing_credit_product_id
        position = (
            self.env["account.fiscal.position"]
            .with_company(company)
            ._get_fiscal_position(self.partner_id)
        )
        taxes = position.map_tax(product.taxes_id._filter_taxes_by_company(company))
        line = {
            "product_id": product.id,
            "name": self.reason,
            "quantity": 1.0,
            "price_unit": self._get_note_price(taxes),
            "tax_ids": [Command.set(taxes.ids)],
        }
        if not product:
            line["account_id"] = journal.default_account_id.id
        return {
            **self._prepare_note_head(),
            "journal_id": journal.id,
            "fiscal_position_id": position.id,
            "invoice_line_ids": [Command.create(line)],
        }

    def _prepare_memo_vals(self, journal):
        """Values of the credit note behind a credit memo: a part of what its bill has
        charged and no note has taken back, from the same accounts, with the same taxes
        and at the same rate.

        :raise UserError: for more than is left of the bill
        """
        self.ensure_one()
        bill, currency = self.bill_id, self.currency_id
        left = bill._get_takeable_amount()
        if currency.compare_amounts(self.amount, left) > 0:
            raise UserError(
                self.env._(
                    "Of bill %(bill)s, %(left)s can be corrected, not %(amount)s. To "
                    "give more, give a goodwill credit.",
                    bill=bill.name,
                    left=currency.format(max(left, 0.0)),
                    amount=currency.format(self.amount),
                )
            )
        lines = bill._prepare_part_lines(self.amount)
        for _command, _id, line in lines:
            if line["display_type"] == "product":
                line["name"] = f"{self.reason}: {line['name']}"
        return {
            **bill._prepare_note_vals(bill.invoice_id, self.date, self.name),
            **self._prepare_note_head(),
            "journal_id": bill.invoice_id.journal_id.id or journal.id,
            # no reversal of the invoice: Odoo would call the bill reversed
            "reversed_entry_id": False,
            "line_ids": lines,
        }

    def _prepare_note_head(self):
        """What the credit notes of all kinds of credits have in common."""
        self.ensure_one()
        return {
            "move_type": "out_refund",
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "invoice_date": self.date,
            "date": self.date,
            # a term would split it, or promise a discount
            "invoice_payment_term_id": False,
            "invoice_date_due": self.date,
            "invoice_origin": self.name,
            "payment_reference": self.name,
            "ref": self.name,
            "invoice_user_id": self.env.uid,
        }

    def _get_note_price(self, taxes):
        """The unit price with which the note's total is the credit's amount."""
        self.ensure_one()
        if not taxes:
            return self.amount
        details = taxes.with_context(force_price_include=True).compute_all(
            self.amount,
            currency=self.currency_id,
            product=self.company_id.billing_credit_product_id,
            partner=self.partner_id,
            is_refund=True,
        )
        included = taxes.filtered("price_include").ids
        return details["total_excluded"] + sum(
            tax["amount"] for tax in details["taxes"] if tax["id"] in included
        )

    def _settle_rounding(self, note):
        """Some totals no net price gives: the cent that is missing goes to the tax."""
        self.ensure_one()
        gap = self.currency_id.round(self.amount - note.amount_total)
        tax_line = note.line_ids.filtered("tax_line_id")[:1]
        if tax_line and not self.currency_id.is_zero(gap):
            tax_line.amount_currency += gap
        if self.currency_id.compare_amounts(note.amount_total, self.amount) != 0:
            raise UserError(
                self.env._(
                    "%(amount)s cannot be credited with the taxes of the product "
                    "“%(product)s”: the credit note would be over %(total)s.",
                    amount=self.currency_id.format(self.amount),
                    product=self.company_id.billing_credit_product_id.display_name,
                    total=self.currency_id.format(note.amount_total),
                )
            )
