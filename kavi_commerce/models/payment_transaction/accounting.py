import logging
from contextlib import contextmanager

from psycopg2 import OperationalError
from psycopg2.errors import LockNotAvailable

from odoo import fields, models
from odoo.exceptions import LockError
from odoo.http import request

from odoo.addons.kavi_billing.tools.context import Private

_logger = logging.getLogger(__name__)

# Milliseconds that a request waits for others who book.
BOOKING_WAIT = 5000


class PaymentTransaction(models.Model):
    """What a transaction of bills becomes in the books.

    The money has moved by then, and its state is committed: what fails here is tried
    again, shown, and never makes anybody pay twice (F-13).
    """

    _inherit = "payment.transaction"

    post_process_error = fields.Text(string="Not Booked Yet", readonly=True, copy=False)

    def _kavi_finish(self):
        """Keep the states, then book what they mean, each step committed."""
        self._kavi_commit()
        family = self.source_transaction_id | self | self.child_transaction_ids
        for tx in family.filtered("kavi_line_ids"):
            if not tx.is_post_processed and tx.state in ("done", "cancel", "error"):
                tx._kavi_book_safely()
            if tx.check_date and tx._is_resolved():
                tx.check_date = False
        self._kavi_commit()

    def _kavi_book_safely(self):
        """Post-process one transaction without losing its state when that fails."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint(), self._kavi_waiting_shortly():
                self._post_process()
                self.env.flush_all()
        except LockNotAvailable:
            # all book in the same journal at this moment: a job does it soon
            self.check_date = fields.Datetime.now()
            self.env.ref("kavi_commerce.cron_resolve").sudo()._trigger()
        except OperationalError:
            raise  # somebody else at the same time: it is tried again as a whole
        except Exception as error:
            if isinstance(error.__cause__, LockError):
                return  # somebody else works on the bill: booked at the next look
            _logger.exception("Transaction %s could not be booked", self.reference)
            is_new = not self.post_process_error
            self.post_process_error = str(error)
            if is_new:
                self._kavi_alert(
                    self.env._("A card payment is not booked yet"),
                    self.env._(
                        "The money has moved, its entries could not be made: %s It is "
                        "tried again by itself.",
                        error,
                    ),
                )

    @contextmanager
    def _kavi_waiting_shortly(self):
        """Who looks at a page does not wait for everybody else's entries: numbers of a
        journal are given to one after the other."""
        if not request:
            yield
            return
        self.env.cr.execute("SET LOCAL lock_timeout = %s", [BOOKING_WAIT])
        yield
        self.env.cr.execute("SET LOCAL lock_timeout TO DEFAULT")

    def _post_process(self):
        """Bills have their own entries; all other documents are Odoo's."""
        ours = self.filtered("kavi_line_ids")
        if others := self - ours:
            super(PaymentTransaction, others)._post_process()
        for tx in ours.sudo().with_context(tracking_disable=True):
            if tx.state == "done" and not tx._is_only_authorized_in_parts():
                if tx.operation == "refund":
                    tx._kavi_book_return()
                else:
                    tx._kavi_book_charge()
                tx._kavi_book_fee()
                if tx.reversal_date:
                    tx._kavi_book_reversal()
            tx.write({"is_post_processed": True, "post_process_error": False})
        return None

    def _is_only_authorized_in_parts(self):
        """What was captured in parts is booked by the parts."""
        return any(
            child.operation != "refund" and child.state in ("done", "cancel")
            for child in self.child_transaction_ids
        )

    # === CHARGE === #

    def _kavi_book_charge(self):
        """One payment a bill, as any other way to pay makes it, surcharge included."""
        self.ensure_one()
        Method = self.env["kavi.payment.method"]
        date = self._get_money_date()
        for line in self.kavi_line_ids.filtered(lambda line: not line.payment_id):
            bill = line.bill_id.with_company(line.company_id).with_context(
                kavi_transaction_id=Private(self.id),
                kavi_transaction_line_id=Private(line.id),
            )
            method = Method._get_card_method(line.company_id, required=True)
            if bill._get_refusal("complete_payment"):
                line.payment_id = bill._keep_as_credit(method, line, date)
            else:
                line.payment_id = bill._complete_payment(
                    method, date=date, amount=line.amount
                )
        self.payment_id = self.kavi_line_ids.payment_id[:1]

    def _get_money_date(self):
        """The day on which the gateway said that the money moved."""
        company = self.company_id
        day = company._billing_today(self.last_state_change)
        return min(day, company._billing_today())

    # === RETURN === #

    def _kavi_book_return(self):
        """A credit note and a refund payment a bill, as any refund makes them."""
        self.ensure_one()
        date = self._get_money_date()
        source = self.source_transaction_id
        if not source.is_post_processed and source.state == "done":
            source._post_process()  # what goes back came first
        for line in self.kavi_line_ids.filtered(lambda line: not line.payment_id):
            bill = line.bill_id.with_company(line.company_id).with_context(
                kavi_transaction_id=Private(self.id),
                kavi_transaction_line_id=Private(line.id),
            )
            if self.is_taken_back:
                paid = source.kavi_line_ids.filtered(
                    lambda charged, bill=bill: charged.bill_id.id == bill.id
                ).payment_id
                line.payment_id = bill._book_taken_back(
                    paid, line.total, date, self.return_reason
                )
                continue
            line.payment_id = bill._book_card_return(
                line.total, date, self.return_reason
            )
        self.payment_id = self.kavi_line_ids.payment_id[:1]

    # === FEE === #

    def _kavi_book_fee(self):
        """What the gateway kept of the money, so that the rest matches the bank.

        To the account of the settings; without one, the fee is only shown.
        """
        self.ensure_one()
        company = self.company_id
        account = company.billing_gateway_fee_account_id
        payment = self.kavi_line_ids.payment_id[:1]
        if (
            self.fee_move_id
            or not account
            or not payment
            or self.currency_id.is_zero(self.gateway_fee)
        ):
            return
        move = self.env["account.move"].create(self._prepare_fee_vals(account, payment))
        move._post(soft=False)
        self.fee_move_id = move

    def _prepare_fee_vals(self, account, payment):
        """Values of the entry: the fee out of what is outstanding at the gateway."""
        company, currency = payment.company_id, self.currency_id
        fee = self.gateway_fee
        balance = currency._convert(fee, company.currency_id, company, payment.date)
        name = self.env._("Fee of %s", self.reference)
        line = {
            "name": name,
            "partner_id": payment.partner_id.id,
            "currency_id": currency.id,
        }
        outstanding = payment.outstanding_account_id or (
            payment.journal_id.default_account_id
        )
        return {
            "move_type": "entry",
            "date": payment.date,
            "journal_id": payment.journal_id.id,
            "company_id": company.id,
            "ref": name,
            "line_ids": [
                fields.Command.create(
                    {
                        **line,
                        "account_id": account.id,
                        "amount_currency": fee,
                        "balance": balance,
                    }
                ),
                fields.Command.create(
                    {
                        **line,
                        "account_id": outstanding.id,
                        "amount_currency": -fee,
                        "balance": -balance,
                    }
                ),
            ],
        }
