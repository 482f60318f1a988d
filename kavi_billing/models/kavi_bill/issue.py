from psycopg2.errors import UniqueViolation

from odoo import models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.fields import Command
from odoo.tools import format_date


class KaviBill(models.Model):
    """Issuing: Bill ID, date and posted invoice; and the change of what was issued.

    The guard is asked first, as the user; the entries are then made with superuser
    rights, for a billing officer needs no accounting role (D-03).
    """

    _inherit = "kavi.bill"

    # === ACTION METHODS === #

    def action_issue(self):
        """Issue drafts, of several those that can be: Bill ID, posted invoice."""
        if len(self) < 2:
            self._issue()
            return True
        drafts, refused = self._sort_out("issue")
        done, more = drafts._act_in_bulk(lambda bills: bills._issue())
        return done._get_report_action(refused | more) or True

    def action_change_amount(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_amount_wizard")

    # === BUSINESS METHODS === #

    def _issue(self, notify=True):
        """Issue drafts, as many as there are in one batch.

        :param bool notify: mail each new bill, unless its kind or company is silent
        :raise UserError: with the reason; then none of them is issued
        """
        self._lock_for_act("issue")
        self._check_issuable()
        self.partner_id._open_billing_account()
        bills = self._for_books().with_context(
            tracking_disable=True, mail_create_nolog=True, mail_notrack=True
        )
        for company in bills.company_id:
            batch = bills.filtered(
                lambda bill, company=company: bill.company_id == company
            )
            batch = batch.with_company(company)
            # a bill that has an ID and no invoice yet is nothing to compute
            with batch._defer_accounting_recompute():
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

    def _change_lines(self, commands, reason=None):
        """Change what an unpaid bill asks (KB-31): credit note and new invoice.

        Bill ID and issue date stay, and so do days to which instalments were postponed;
        the history shows both totals.

        :param list commands: commands on ``line_ids``
        :param str reason: kept in the history
        :raise UserError: with the reason; then nothing is changed
        """
        self.ensure_one()
        self._lock_for_act("change_amount")
        self._check_posted()
        self._check_open_today()
        self._check_line_commands(commands)
        old = self.amount_total
        days = self._read_instalments().mapped("due_date")
        bill = self._for_books().with_company(self.company_id)
        bill._replace_invoice(commands)
        bill.env.flush_all()
        self._log_act(
            "change_amount",
            {
                self.id: self.env._(
                    "From %(old)s to %(new)s. %(reason)s",
                    old=self.currency_id.format(old),
                    new=self.currency_id.format(self.amount_total),
                    reason=reason or "",
                )
            },
        )
        self._run_state_hooks()
        bill._restore_due_dates(days)

    # === HELPER METHODS === #

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
        return self._get_term_problem()

    def _get_term_problem(self):
        """What is wrong with the terms of this draft, as a sentence; "" if nothing."""
        self.ensure_one()
        term = self.payment_term_id
        if term and not term.line_ids:
            return self.env._(
                "the terms %s have no lines, so nothing would ever be due. Choose "
                "other terms, or add a line to them.",
                term.name,
            )
        date = self.bill_date or self.company_id._billing_today()
        first = min((line._get_due_date(date) for line in term.line_ids), default=date)
        if first < date and self._follows_terms():
            return self.env._(
                "the terms %(terms)s ask for money on %(due)s, before the bill is "
                "issued on %(issued)s. Choose other terms.",
                terms=term.name,
                due=format_date(self.env, first),
                issued=format_date(self.env, date),
            )
        return ""

    def _assign_bill_ids(self):
        """Give each bill of one company its date, due date and Bill ID.

        :raise ConcurrencyError: when another transaction has just drawn the same ID;
            the framework tries again
        """
        today = self.company_id._billing_today()
        dates = [bill.bill_date or today for bill in self]
        names = self._draw_bill_ids(dates)
        try:
            for bill, date, name in zip(self, dates, names, strict=True):
                due = bill._get_issue_due_date(date)
                bill._write_facts({"name": name, "bill_date": date, "due_date": due})
            self.flush_recordset(["name"])
        except UniqueViolation as error:
            # by another template, and this transaction cannot see it yet
            message = self.env._("This Bill ID was given before.")
            raise ConcurrencyError(message) from error

    def _get_issue_due_date(self, date):
        """When the draft is due if it is issued on ``date``.

        A due date that nobody touched counts from the day of issue.

        :raise UserError: when that is before the issue
        """
        self.ensure_one()
        untouched = self.due_date == self._get_term_due_date(self._get_draft_date())
        due = self._get_term_due_date(date) if untouched else self.due_date
        if not due or due < date:
            raise UserError(
                self.env._(
                    "%(bill)s is due on %(due)s, before it is issued on "
                    "%(issued)s: choose a later due date.",
                    bill=self.display_name,
                    due=format_date(self.env, due or date),
                    issued=format_date(self.env, date),
                )
            )
        return due

    def _draw_bill_ids(self, dates):
        """Draw Bill IDs for bills of one company, by the templates of their kinds.

        Different templates can spell the same ID (``$year-$counter`` and
        ``2026-$counter``): one that is taken is passed over.

        :param list dates: the issue date of each bill
        :return: list of str, one for each bill
        """
        company = self.company_id
        dates = dict(zip(self, dates, strict=True))
        names = {}
        missing = self
        while missing:
            drawn = []
            by_template = missing.grouped(lambda bill: bill.kind_id.bill_id_template)
            for template, bills in by_template.items():
                days = [dates[bill] for bill in bills]
                ids = company._next_bill_ids(days, template)
                drawn += zip(bills, ids, strict=True)
            taken = self._get_taken_ids([name for __, name in drawn])
            taken.update(names.values())
            for bill, name in drawn:
                if name not in taken:
                    names[bill] = name
                    taken.add(name)
            missing = missing.filtered(lambda bill: bill not in names)
        return [names[bill] for bill in self]

    def _get_taken_ids(self, names):
        # sudo: the company's bills, whoever may see them
        groups = self.sudo()._read_group(
            [("company_id", "=", self.company_id.id), ("name", "in", names)], ["name"]
        )
        return {name for (name,) in groups}

    def _post_invoices(self):
        """Create and post the invoices of one company's bills, in one batch."""
        journal = self.company_id._get_billing_journal()
        moves, all_ready = self.env["account.move"]._create_invoices(
            [bill._prepare_invoice_vals(journal) for bill in self]
        )
        moves._post_invoices(all_ready)
        self._log_documents(moves)

    def _prepare_invoice_vals(self, journal):
        """Values of the one invoice that the bill becomes.

        :param journal: where it is booked, unless the bill's kind has a journal
        """
        self.ensure_one()
        vals = {
            "move_type": "out_invoice",
            "kavi_bill_id": self.id,
            "company_id": self.company_id.id,
            "journal_id": (self.kind_id.journal_id or journal).id,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": self.fiscal_position_id.id,
            "invoice_date": self.bill_date,
            "invoice_origin": self.name,
            "payment_reference": self.name,
            "ref": self.purchase_order,
            "invoice_user_id": self.env.uid,
            "invoice_line_ids": [
                Command.create(line._prepare_invoice_line_vals())
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

    def _check_open_today(self):
        """Refuse what is booked today while today is in a closed period."""
        for bill in self:
            company, journal = bill.company_id, bill.sudo().invoice_id.journal_id
            closed = self._get_closed_until(company, journal, company._billing_today())
            if closed:
                raise UserError(
                    self.env._(
                        "The books are closed until %(day)s, so bill %(bill)s cannot "
                        "be changed today. Ask the accountant to open the period, or "
                        "change the bill after that day.",
                        day=format_date(self.env, closed),
                        bill=bill.name,
                    )
                )

    def _check_line_commands(self, commands):
        """Only this bill's own lines, for the commands are run with all rights."""
        for command in commands:
            code, line_id = command[0], command[1] if len(command) > 1 else 0
            own = code in (Command.CREATE, Command.CLEAR) or (
                code in (Command.UPDATE, Command.DELETE)
                and line_id in self.line_ids.ids
            )
            if not own:
                raise UserError(
                    self.env._("Only the lines of bill %s can be changed.", self.name)
                )

    def _replace_invoice(self, commands):
        """Credit the bill's invoice, and post a new one with its lines as changed."""
        self.ensure_one()
        today = self.company_id._billing_today()
        due = self.due_date
        with self._defer_accounting_recompute():
            old = self.invoice_id
            notes = self._mirror_invoices(
                self._get_live_documents("out_invoice"),
                today,
                lambda bill: self.env._("Change of bill %s", bill.name),
            )
            (notes.reversed_entry_id + notes).is_kavi_replaced = True
            self._write_facts({"line_ids": commands, "due_date": due})
            _untaxed, total = self._sum_lines()
            if self.currency_id.compare_amounts(total, 0.0) < 0:
                raise UserError(self.env._("A bill cannot ask a negative amount."))
            # terms count from the issue as before; the books get it today
            vals = self._prepare_invoice_vals(self.company_id._get_billing_journal())
            vals["date"] = max(today, self.bill_date)
            # the same debt as before: no gain or loss comes of asking it anew
            vals["invoice_currency_rate"] = old.invoice_currency_rate
            self.env["account.move"].create(vals)._post(soft=False)
