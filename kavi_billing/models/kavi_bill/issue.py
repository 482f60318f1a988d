from contextlib import contextmanager

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class KaviBill(models.Model):
    """What each act does in the books (D-03).

    The guard is asked first, as the user; the entries are then made with superuser
    rights, for a billing officer needs no accounting role.
    """

    _inherit = "kavi.bill"

    # === ISSUE === #

    def action_issue(self):
        """Issue drafts: Bill ID, date, posted invoice."""
        self._issue()
        return True

    def _issue(self, notify=True):
        """Issue drafts, as many as there are in one batch.

        :param bool notify: mail each new bill, unless its kind or company is silent
        :raise UserError: with the reason; then none of them is issued
        """
        self._lock_for_act("issue")
        self._check_issuable()
        self.partner_id._open_billing_account()
        bills = self.sudo().with_context(
            tracking_disable=True, mail_create_nolog=True, mail_notrack=True
        )
        for company in bills.company_id:
            batch = bills.filtered(
                lambda bill, company=company: bill.company_id == company
            )
            batch = batch.with_company(company)
            batch._assign_bill_ids()
            batch._post_invoices()
        # now, in the context that does not track: one log line a bill says it all
        bills.env.flush_all()
        self._log_act(
            "issue",
            {
                bill.id: self.env._(
                    "Issued as %(name)s: %(total)s, due %(due)s.",
                    name=bill.name,
                    total=bill.currency_id.format(bill.amount_total),
                    due=format_date(self.env, bill.due_date),
                )
                for bill in bills
            },
        )
        self.env["kavi.credit"]._apply_to_bills(self)
        self._run_state_hooks()
        if notify:
            self._notify_new()

    def _assign_bill_ids(self):
        """Give each bill of one company its date, due date and Bill ID."""
        company = self.company_id
        today = company._billing_today()
        dates = [bill.bill_date or today for bill in self]
        names = self._draw_bill_ids(dates)
        for bill, date, name in zip(self, dates, names, strict=True):
            # A due date that nobody touched counts from the day of issue.
            untouched = bill.due_date == bill._get_term_due_date(bill._get_draft_date())
            due = bill._get_term_due_date(date) if untouched else bill.due_date
            if not due or due < date:
                raise UserError(
                    self.env._(
                        "%(bill)s is due on %(due)s, before it is issued on "
                        "%(issued)s: choose a later due date.",
                        bill=bill.display_name,
                        due=format_date(self.env, due or date),
                        issued=format_date(self.env, date),
                    )
                )
            bill._write_facts({"name": name, "bill_date": date, "due_date": due})

    def _check_issuable(self):
        """Refuse drafts that cannot become an invoice, each with what to do."""
        for company in self.sudo().company_id:
            company._get_billing_journal()  # says so when there is none
        for bill in self.sudo():
            problem = bill._get_issue_problem()
            if problem:
                raise UserError(
                    self.env._(
                        "%(bill)s: %(problem)s",
                        bill=bill.title or bill.display_name,
                        problem=problem,
                    )
                )

    def _get_issue_problem(self):
        """What keeps this draft from being issued, as a sentence; "" if nothing."""
        self.ensure_one()
        partner = self.partner_id
        account = partner._get_billing_account()
        if account != partner:
            return self.env._(
                "%(contact)s is billed through %(account)s now: choose that account.",
                contact=partner.name,
                account=account.name,
            )
        if not (self.title or "").strip():
            return self.env._("the bill has no title. Say what it is for.")
        if not self.line_ids:
            return self.env._("the bill has no amount yet. Enter one, or add a line.")
        if self.currency_id.compare_amounts(self.amount_total, 0.0) < 0:
            return self.env._(
                "a bill cannot ask a negative amount. To give something back, use a "
                "credit."
            )
        if not partner.active:
            return self.env._(
                "the account %s is archived. Unarchive it before billing it.",
                partner.name,
            )
        if partner.is_billing_holder:
            return partner._get_holder_problem()
        if not self.currency_id.active:
            return self.env._(
                "the currency %s is not active. Activate it in Invoicing.",
                self.currency_id.name,
            )
        company_partner = partner.with_company(self.company_id)
        if not company_partner.property_account_receivable_id:
            return self.env._(
                "%(account)s has no receivable account in %(company)s. Set it on the "
                "contact (Accounting tab), or install a chart of accounts.",
                account=partner.name,
                company=self.company_id.name,
            )
        return ""

    def _post_invoices(self):
        """Create and post the invoices of one company's bills, in one batch."""
        journal = self.company_id._get_billing_journal()
        with self._defer_accounting_recompute():
            moves = self.env["account.move"].create(
                [bill._prepare_invoice_vals(journal) for bill in self]
            )
            moves._post(soft=False)
        self._log_documents(moves)

    def _log_documents(self, documents):
        """Say on each entry or payment which of these bills it was made for."""
        documents._message_log_batch(
            {
                document.id: self.env._(
                    "Created and posted for bill %s.", bill._get_html_link(bill.name)
                )
                for document, bill in zip(documents, self, strict=True)
            }
        )

    def _prepare_invoice_vals(self, journal):
        """Values of the one invoice that the bill becomes."""
        self.ensure_one()
        vals = {
            "move_type": "out_invoice",
            "kavi_bill_id": self.id,
            "company_id": self.company_id.id,
            "journal_id": journal.id,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": self.fiscal_position_id.id,
            "invoice_date": self.bill_date,
            "invoice_origin": self.name,
            "payment_reference": self.name,
            "ref": self.purchase_order,
            "invoice_user_id": self.env.uid,
            "invoice_line_ids": [
                fields.Command.create(line._prepare_invoice_line_vals())
                for line in self.line_ids
            ],
        }
        # A due date that somebody chose stands for itself, without the term.
        if self.payment_term_id and self._follows_terms():
            vals["invoice_payment_term_id"] = self.payment_term_id.id
        else:
            vals["invoice_payment_term_id"] = False
            vals["invoice_date_due"] = self.due_date
        return vals

    def _sync_invoice_due_date(self):
        """Carry due dates that were edited to the posted invoices."""
        plan = {}
        for bill in self:
            invoice = bill.sudo().invoice_id  # "edit" was checked for the bill
            if not bill.due_date or invoice.state != "posted":
                raise UserError(
                    self.env._(
                        "Bill %s has no posted invoice: its due date cannot be moved.",
                        bill.name,
                    )
                )
            items = self._get_receivable_lines(invoice)
            if len(items) > 1:
                raise UserError(
                    self.env._(
                        "Bill %s is paid in instalments: move one of them, or all, "
                        "with Postpone.",
                        bill.name,
                    )
                )
            plan[items] = bill.due_date
        self._move_items(plan)

    # === METHOD === #

    def _get_offered_methods(self):
        """The methods that the payer of this bill may choose, in the company's order.

        :return: active ``kavi.payment.method`` records of the bill's company
        """
        self.ensure_one()
        return self.env["kavi.payment.method"].search(
            [("company_id", "=", self.company_id.id)]
        )

    def _choose_method(self, method):
        """The payer promises to pay by ``method``: the bill becomes Pending.

        :param method: one ``kavi.payment.method`` that is offered for each of the bills
        :raise UserError: with the reason; then none of them is promised
        """
        self._lock_for_act("choose_method")
        self._check_method(method)
        self._check_offered(method)
        self._write_facts({"payment_method_id": method.id})
        self._log_act(
            "choose_method",
            {bill.id: self.env._("To be paid by %s.", method.name) for bill in self},
        )

    def _get_offer_key(self):
        """What :meth:`_get_offered_methods` depends on.

        Bills that have it in common are offered the same.
        """
        self.ensure_one()
        return self.company_id, self.payment_term_id, self.kind_id, self.currency_id

    def _check_offered(self, method):
        """What the payer may not choose is refused, with what may be."""
        for bills in self.grouped(lambda bill: bill._get_offer_key()).values():
            offered = bills[:1]._get_offered_methods()
            if method not in offered:
                raise UserError(
                    self.env._(
                        "%(method)s is not offered for bill %(bill)s. Choose one of "
                        "these: %(offered)s.",
                        method=method.name,
                        bill=bills[0].name,
                        offered=", ".join(offered.mapped("name"))
                        or self.env._("none is set up"),
                    )
                )

    def _check_method(self, method):
        if not method or not method.active:
            raise UserError(
                self.env._("Choose a payment method that is still offered.")
            )
        for bill in self:
            if method.company_id != bill.company_id:
                raise UserError(
                    self.env._(
                        "%(method)s is a payment method of %(other)s; bill %(bill)s "
                        "belongs to %(company)s.",
                        method=method.name,
                        other=method.company_id.name,
                        bill=bill.name,
                        company=bill.company_id.name,
                    )
                )

    @contextmanager
    def _defer_accounting_recompute(self):
        """Let the bills read the books when all entries are made, not after each."""
        fields_ = self.pool.field_computed[self._fields["state"]]
        with self.env.protecting(fields_, self):
            yield
        for field in fields_:
            self.env.add_to_compute(field, self)
