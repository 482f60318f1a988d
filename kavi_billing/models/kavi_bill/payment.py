from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.context import Private, bookkeeping_context
from ...tools.payment_quote import SharedQuote


class KaviBill(models.Model):
    """Payments that are received, and payments that are taken back."""

    _inherit = "kavi.bill"

    # === ACTION METHODS === #

    def action_complete_payment(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_payment_wizard")

    def action_reverse_payment(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_reverse_wizard")

    # === BUSINESS METHODS === #

    def _complete_payment(
        self,
        method,
        date=None,
        number=None,
        amount=None,
        write_off=False,
        received=None,
        amounts=None,
        off_terms=False,
    ):
        """Record a payment of these bills (KB-32): one an account, however many bills
        of it there are.

        :param method: the ``kavi.payment.method`` the money came by
        :param datetime.date date: when it came; default today
        :param str number: check number or the like, if the method collects one
        :param float amount: what is paid of the debt, in the bill's currency, for one
            bill; default all that is due, or what settles it that early. The method's
            surcharge comes on top. Less leaves the bill Partly Paid; what is more
            becomes a credit of the account
        :param bool write_off: book the small rest to the company's write-off account
        :param float received: instead of ``amount``: all the money that came, the
            surcharge in it. For several bills of one account it is shared among them,
            the oldest first; what is left is a credit of the account
        :param dict amounts: ``{bill: amount}``: how much of it is paid of each of
            several bills, if somebody says so
        :param bool off_terms: the money has come by a method that the payment terms
            do not name, and is recorded all the same
        :return: the posted ``account.payment`` records, one an account, in the order of
            their first bills
        :raise UserError: with the reason; then nothing is booked
        """
        self._lock_for_act("complete_payment")
        self._check_moving_method(method)
        if not off_terms:
            self._check_terms(method)
        if number and not method.collect_payment_number:
            raise UserError(
                self.env._("%s does not collect a payment number.", method.name)
            )
        self._check_posted()
        date = self._check_payment_date(date, method.company_id)
        bills = self._for_books().with_company(method.company_id)
        method = method.with_env(bills.env)
        quotes = bills._get_quotes(method, date, amount, received, amounts, write_off)
        payments = bills._post_payments(method, date, number, quotes, write_off)
        paid = self.browse().concat(*quotes).with_env(self.env)
        # only what settles a bill says how it was paid
        settled = paid.filtered(lambda bill: bill.currency_id.is_zero(bill.amount_due))
        settled._write_facts({"payment_method_id": method.id})
        paid._add_payment_number(number)
        bills.env.flush_all()
        bodies = {}
        for (batch, quote), payment in zip(quotes.items(), payments, strict=True):
            for bill in batch:
                bodies[bill.id] = bill.with_env(self.env)._describe_payment(
                    payment, method, number, quote
                )
        paid._log_act("complete_payment", bodies)
        if amount is not None or received is not None:
            # what was paid too much is the account's
            self.env["kavi.credit"]._record_overpayments(payments, self)
        self._run_payment_hooks(payments, quotes)
        return payments

    def _reverse_payment(self, payment, reason=None, date=None):
        """Reverse a payment that bounced or was charged back: the debt is open again.

        The books show both movements. Whatever else the payment settled is open again,
        too.

        :param payment: one posted inbound ``account.payment`` of this bill
        :param str reason: kept in the history
        :param datetime.date date: of the reversal; default today
        :raise UserError: with the reason; then nothing is booked
        """
        self.ensure_one()
        books = self._for_books()
        payment = payment.with_env(books.env)
        bills = self | books._get_bills_of(payment).with_env(self.env)
        bills._lock_for_act("reverse_payment")
        if payment not in books._get_payments().filtered(
            lambda known: known.payment_type == "inbound"
        ):
            raise UserError(
                self.env._("Choose a payment that settles bill %s now.", self.name)
            )
        date = max(date or self.company_id._billing_today(), payment.date)
        text = self.env._(
            "Reversal of %(payment)s: %(reason)s",
            payment=payment.name,
            reason=reason or self.name,
        )
        move = payment.move_id.with_company(self.company_id)
        booked = bills._for_books()
        with booked._defer_accounting_recompute():
            items = self._get_receivable_lines(move)
            charged = items.matched_debit_ids.debit_move_id.move_id
            reversal = self._post_payment_reversal(move, date, text)
            payment.action_reject()
            unpaid = booked._get_unpaid_surcharges()
            booked._reverse_surcharge_invoices(unpaid & charged, date)
        books.env.flush_all()
        bills._log_act(
            "reverse_payment",
            {
                bill.id: self.env._(
                    "%(payment)s of %(amount)s was taken back. %(booked)s %(reason)s",
                    payment=payment.name,
                    amount=payment.currency_id.format(payment.amount),
                    booked=self._get_booking_note(reversal, date),
                    reason=reason or "",
                )
                for bill in bills
            },
        )
        bills._run_state_hooks()

    # === HELPER METHODS === #

    def _check_posted(self):
        """Refuse bills whose invoice is not posted: nothing is owed."""
        for bill in self:
            if not bill.is_posted:
                raise UserError(
                    self.env._(
                        "The invoice of bill %s is not posted: nothing is owed in the "
                        "books. Ask the accountant to post it first.",
                        bill.name,
                    )
                )

    def _check_amount(self, amount):
        """Refuse what is no amount of money in this bill's currency.

        :return: the amount, rounded as the currency rounds
        """
        self.ensure_one()
        return self._check_money(amount, self.currency_id)

    def _get_quotes(self, method, date, amount, received, amounts, write_off):
        """What each payment comes to: one for all bills of an account and currency.

        :return: ``{bills: SharedQuote}``, the bills that get something, in the order in
            which they are paid
        """
        batches = list(self._group_by_payment().values())
        if received is not None and len(batches) > 1:
            raise UserError(
                self.env._(
                    "An amount is entered for bills of one account and currency; those "
                    "of several accounts are paid in full."
                )
            )
        if len(self) == 1 or amount is not None:
            portions = self._get_portions(method, date, amount, received, write_off)
            return {self: SharedQuote(portions, portions[self.id].amount_received, 0.0)}
        quotes, rates = {}, {}
        for batch in batches:
            if len(batch) == 1 and received is None:
                quote = batch._quote_payment(method, date, rates=rates)
                quote = SharedQuote({batch.id: quote}, quote.amount_received, 0.0)
            else:
                quote = batch._get_shared_quote(
                    method, date, received, amounts, write_off
                )
            quotes[self.browse(quote.portions)] = quote
        return quotes

    def _group_by_payment(self):
        """The bills that one payment can be for: of one account, in one currency."""
        return self.grouped(lambda bill: (bill.partner_id, bill.currency_id))

    def _get_portions(self, method, date, amount, received, write_off):
        """What is paid of each bill, after the rules on parts and write-offs.

        :return: ``{bill id: PaymentQuote}``
        """
        rates = {}
        if amount is None and received is None:
            return {
                bill.id: bill._quote_payment(method, date, rates=rates) for bill in self
            }
        if len(self) > 1:
            raise UserError(
                self.env._(
                    "An amount is entered for one bill; several are paid in full."
                )
            )
        if received is None:
            portion = self._quote_payment(method, date, self._check_amount(amount))
        else:
            received = self._check_amount(received)
            portion = self._quote_payment(method, date, received=received)
        self._check_portion(portion, write_off)
        return {self.id: portion}

    def _check_portion(self, portion, write_off):
        """Refuse a part where none is allowed, and a rest that is no small one."""
        self.ensure_one()
        if self.currency_id.compare_amounts(portion.residual, 0.0) <= 0:
            return
        if write_off:
            self._check_write_off(portion.residual)
        elif not self._may_be_paid_in_parts():
            raise UserError(
                self.env._(
                    "Bill %(bill)s is paid in full: %(due)s. An administrator may "
                    "allow part payments in the settings.",
                    bill=self.name,
                    due=self.currency_id.format(self.amount_due),
                )
            )

    def _may_be_paid_in_parts(self):
        """Whether the terms or the company's settings allow part payments (D-10)."""
        self.ensure_one()
        return (
            self.company_id.billing_allow_part_payment
            or len(self.payment_term_id.line_ids) > 1
        )

    def _check_write_off(self, rest):
        """Refuse to write off more than the limit, or without an account for it."""
        self.ensure_one()
        self._check_act("write_off")
        company = self.company_id
        limit = company.currency_id._convert(
            company.billing_write_off_limit, self.currency_id, company
        )
        if not company.sudo().billing_write_off_account_id:
            raise UserError(
                self.env._(
                    "%s has no write-off account. An administrator can set it under "
                    "Billing → Configuration → Settings.",
                    company.name,
                )
            )
        if self.currency_id.compare_amounts(rest, limit) > 0:
            raise UserError(
                self.env._(
                    "%(rest)s is more than may be written off (%(limit)s).",
                    rest=self.currency_id.format(rest),
                    limit=self.currency_id.format(limit),
                )
            )

    def _post_payments(self, method, date, number, quotes, write_off):
        """Post one payment for the bills of each quote, and match it with their
        invoices; all in one batch.

        :param dict quotes: of :meth:`_get_quotes`
        """
        journal = method._get_journal()
        Payment = self._get_payment_model()
        paid = self.browse().concat(*quotes)
        portions = {}
        for quote in quotes.values():
            portions.update(quote.portions)
        with paid._defer_accounting_recompute():
            paid._reverse_surcharge_invoices(
                paid._get_orphan_surcharge_invoices(), date
            )
            lines = {bill: bill._get_open_lines() for bill in paid}
            vals_list = [
                {
                    **bills._prepare_quoted_payment_vals(
                        lines, journal, date, number, quote, write_off
                    ),
                    "kavi_method_id": method.id,
                    "kavi_number": number,
                }
                for bills, quote in quotes.items()
            ]
            surcharges = paid._post_surcharges(method, date, portions, lines)
            for bills, vals in zip(quotes, vals_list, strict=True):
                for bill in bills:
                    if bill.id in surcharges:
                        link = fields.Command.link(surcharges[bill.id].id)
                        vals["invoice_ids"].append(link)
            payments = Payment.create(vals_list)
            self._post_entries(payments)
            plan, amounts = [], {}
            for (bills, quote), payment in zip(quotes.items(), payments, strict=True):
                if len(bills) == 1:
                    plan.append(bills._plan_matches(payment, lines[bills], surcharges))
                    continue
                for debt, item, part in bills._plan_shared_matches(
                    payment, lines, surcharges, quote, write_off
                ):
                    plan.append(debt + item)
                    amounts[debt.id, item.id] = part
            self.env["account.move.line"].with_context(
                tracking_disable=True, kavi_match_amounts=Private(amounts)
            )._reconcile_plan(plan)
        Payment.env.flush_all()
        payments = payments.with_env(self.env)
        for bills, payment in zip(quotes, payments, strict=True):
            bills._log_shared_document(payment)
        return payments

    def _prepare_quoted_payment_vals(
        self, lines, journal, date, number, quote, write_off
    ):
        """Values of the one payment of these bills of an account."""
        if len(self) > 1:
            return self._prepare_shared_payment_vals(
                lines, journal, date, number, quote, write_off
            )
        portion = quote.portions[self.id]
        vals = self._prepare_payment_vals(
            lines[self], journal, date, number, portion, write_off
        )
        vals["amount"] = self.currency_id.round(quote.received)
        return vals

    def _plan_matches(self, payment, lines, surcharges):
        """What the payment of one bill is matched with, for ``_reconcile_plan``."""
        items = self._get_payment_lines(payment, lines)
        debts = lines + items
        if self.id not in surcharges:
            return debts
        # the surcharge first, whatever is overdue: it is this payment's own
        own = self._get_receivable_lines(surcharges[self.id])
        return [own + items, debts]

    @api.model
    def _get_payment_model(self):
        """Payments that always have an entry, also where Odoo would wait for the bank.

        One log line a payment replaces a creation note and a tracking message.
        """
        env = self.env(context=bookkeeping_context(self.env.context))
        return env["account.payment"].with_context(
            skip_invoice_sync=True, force_payment_move=True, tracking_disable=True
        )

    @api.model
    def _post_entries(self, payments):
        """Post payments.

        :raise UserError: when one of them has no posted entry
        """
        payments.action_post()
        for payment in payments:
            if payment.move_id.state != "posted":
                raise UserError(
                    self.env._(
                        "The payment could not be booked in journal %s: give its "
                        "payment method an outstanding account in Invoicing.",
                        payment.journal_id.name,
                    )
                )

    def _get_payment_lines(self, payment, lines):
        """The journal items of ``payment`` that ``lines`` are matched with."""
        account = lines.account_id[:1] or payment.destination_account_id
        return payment.move_id.line_ids.filtered(
            lambda line: line.account_id == account
        )

    def _get_open_lines(self):
        """The receivable lines of the bill on which something is still owed."""
        self.ensure_one()
        lines = self._get_receivable_lines(self._get_live_documents("out_invoice"))
        return lines._drop_dead_matches()

    def _prepare_payment_vals(self, lines, journal, date, number, portion, write_off):
        """Values of the payment of a portion of what is open on ``lines``."""
        self.ensure_one()
        vals = {
            "payment_type": "inbound",
            "partner_type": "customer",
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "journal_id": journal.id,
            "currency_id": self.currency_id.id,
            "amount": self.currency_id.round(portion.amount_received),
            "date": date,
            "memo": " ".join(filter(None, (self.name, number))),
            "destination_account_id": lines.account_id[:1].id,
            "invoice_ids": [fields.Command.set(lines.move_id.ids)],
        }
        residual = portion.residual
        if portion.discount:
            vals["write_off_line_vals"] = self._prepare_discount_vals(
                portion.discount, date
            )
        elif write_off and self.currency_id.compare_amounts(residual, 0.0) > 0:
            vals["write_off_line_vals"] = [self._prepare_write_off_vals(residual, date)]
        return vals

    def _prepare_write_off_vals(self, rest, date):
        """Values of the journal item that writes off what is left."""
        self.ensure_one()
        company = self.company_id
        return {
            "name": self.env._("Rest of bill %s written off", self.name),
            "account_id": company.billing_write_off_account_id.id,
            "kavi_settled_bill_id": self.id,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "amount_currency": rest,
            "balance": self.currency_id._convert(
                rest, company.currency_id, company, date
            ),
        }

    @api.model
    def _post_payment_reversal(self, move, date, text):
        """Post the reversal of a payment's entry, and match the two with each other.

        :return: the reversal
        """
        self._get_receivable_lines(move).remove_move_reconcile()
        reversal = move._reverse_moves([{"date": date, "ref": text}])
        if reversal.state == "draft":
            self._mirror_entry(move, reversal)
            reversal._post(soft=False)
        for account in move.line_ids.account_id.filtered("reconcile"):
            pair = (move + reversal).line_ids.filtered(
                lambda line, account=account: (
                    line.account_id == account and not line.reconciled
                )
            )
            if len(pair.move_id) == 2:
                pair.reconcile()
        return reversal

    @api.model
    def _mirror_entry(self, move, reversal):
        """Give the reversal of a payment with a discount the taxes and grids that were
        booked: Odoo computes them anew, at today's rates and without the grids."""
        if not move.line_ids.tax_repartition_line_id:
            return
        lines = [
            {
                "name": line.name,
                "account_id": line.account_id.id,
                "partner_id": line.partner_id.id,
                "currency_id": line.currency_id.id,
                "amount_currency": -line.amount_currency,
                "balance": -line.balance,
                "tax_ids": [fields.Command.set(line.tax_ids.ids)],
                "tax_tag_ids": [fields.Command.set(line.tax_tag_ids.ids)],
                "tax_repartition_line_id": line.tax_repartition_line_id.id,
                "group_tax_id": line.group_tax_id.id,
                "tax_base_amount": line.tax_base_amount,
                "analytic_distribution": line.analytic_distribution,
                "is_storno": line.company_id.account_storno and not line.is_storno,
            }
            for line in move.line_ids
        ]
        # a draft's lines are all replaced, those of taxes together with their bases
        context = {"skip_invoice_sync": True, "dynamic_unlink": True}
        reversal.with_context(**context).write(
            {
                "line_ids": [
                    fields.Command.clear(),
                    *(fields.Command.create(vals) for vals in lines),
                ]
            }
        )
