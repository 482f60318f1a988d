import logging
import time
from contextlib import contextmanager

from psycopg2 import IntegrityError, OperationalError
from psycopg2.errors import LockNotAvailable

from odoo import fields, models
from odoo.exceptions import LockError, UserError
from odoo.http import request
from odoo.tools import mute_logger

from .sync import RETRY_DELAYS
from .turn import PAUSES

_logger = logging.getLogger(__name__)

# How a conflict with another request or job on the same records shows.
CONFLICTS = (IntegrityError, OperationalError, LockError)
# Milliseconds that an HTTP request waits for others who post entries.
LOCK_TIMEOUT = 5000


class PaymentTransaction(models.Model):
    """The entries that a transaction of bills becomes.

    The money has moved by then, and the transaction's state is committed: a failure
    here is shown and tried again, and never charges anybody twice (F-13).
    """

    _inherit = "payment.transaction"

    post_process_error = fields.Text(string="Not Booked Yet", readonly=True, copy=False)

    # === CRON METHODS === #

    def _cron_post_process(self):
        """Odoo's own job: of bills, what is not booked yet, in turn with all others who
        work on it."""
        since = fields.Datetime.subtract(fields.Datetime.now(), days=4)
        open_ = self or self.search(
            [("is_post_processed", "=", False), ("last_state_change", ">=", since)]
        )
        ours = open_.filtered("kavi_line_ids")
        result = None
        if others := open_ - ours:
            result = super(PaymentTransaction, others)._cron_post_process()
        for tx in ours._for_books().filtered(lambda tx: tx._is_to_be_booked()):
            try:
                tx._commit_and_post_process()
            except (UserError, OperationalError) as error:
                # somebody else has the turn: they book it
                tx._rollback_to_known_state()
                _logger.info("Transaction %s: left to others: %s", tx.id, error)
        return result

    # === BUSINESS METHODS === #

    def _commit_and_post_process(self):
        """Commit the states, then make the entries of whatever is decided."""
        self._kavi_commit()
        with self._kavi_turn():
            family = self.source_transaction_id | self | self.child_transaction_ids
            for tx in family.filtered("kavi_line_ids"):
                if tx._is_to_be_booked():
                    tx._try_post_process()
                if tx.next_check_date and tx._is_resolved():
                    tx.next_check_date = False
            self._kavi_commit()

    def _is_to_be_booked(self):
        """Whether the gateway has answered, and nothing was made of it yet."""
        return not self.is_post_processed and self.state in ("done", "cancel", "error")

    def _try_post_process(self):
        """Post-process one transaction without losing its state when that fails.

        Whoever else works on the bill, or posts in the journal, is waited for; should
        that take long, the job does it as soon as they are done.
        """
        self.ensure_one()
        for pause in (*PAUSES, None):
            try:
                self._post_process_whole()
                return
            except Exception as error:
                if not self._is_conflict(error):
                    self._note_booking_failure(error)
                    return
                if self.provider_code == "kavi_manual":
                    raise  # the whole act is tried again, or refused
                if pause is None and isinstance(error, IntegrityError):
                    self._note_booking_failure(error)
                    return
                if pause is None or isinstance(error, LockNotAvailable):
                    break  # it was waited for long enough
            time.sleep(pause)
            self._kavi_see_anew()
        self._kavi_see_anew()
        self._look_soon()

    def _post_process_whole(self):
        """Make all entries, or none."""
        with (
            # what others are in the way of is no error, and is done soon
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
            self._limit_lock_wait(),
        ):
            self._post_process()
            self.env.flush_all()

    @staticmethod
    def _is_conflict(error):
        """Whether another request or job was working on the same records."""
        return any(isinstance(cause, CONFLICTS) for cause in (error, error.__cause__))

    def _note_booking_failure(self, error):
        """Show why the entries could not be made, and tell the administrators once."""
        _logger.error(
            "Transaction %s could not be booked", self.reference, exc_info=error
        )
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

    def _look_soon(self):
        """Have the scheduled job look at these at once."""
        self.write({"next_check_date": fields.Datetime.now()})
        self.env.ref("kavi_commerce.cron_resolve").sudo()._trigger()

    @contextmanager
    def _limit_lock_wait(self):
        """Limit lock waits in HTTP requests: the numbers of a journal are assigned one
        after the other."""
        if not request:
            yield
            return
        self.env.cr.execute("SET LOCAL lock_timeout = %s", [LOCK_TIMEOUT])
        yield
        self.env.cr.execute("SET LOCAL lock_timeout TO DEFAULT")

    def _post_process(self):
        """Make the bills' entries of these transactions; those of other documents are
        Odoo's concern.

        Whoever causes it, the caller's context does not reach the entries.
        """
        ours = self.filtered("kavi_line_ids")
        if others := self - ours:
            super(PaymentTransaction, others)._post_process()
        for tx in ours._for_books().with_context(tracking_disable=True):
            tx._end_with_mode()  # no test settles a bill that takes live money
            if tx.state == "done" and not tx._is_only_authorized_in_parts():
                if tx.operation != "refund":
                    tx._post_process_charge()
                elif not tx.reversal_date:  # it has failed after all
                    tx._post_process_refund()
                tx._post_process_fee()
                if tx.reversal_date and tx.operation != "refund":
                    tx._post_process_chargeback()
            tx.write({"is_post_processed": True, "post_process_error": False})
        return None

    def _is_only_authorized_in_parts(self):
        """Whether parts of it were captured: these are booked, not the whole."""
        return any(
            child.operation != "refund" and child.state in ("done", "cancel")
            for child in self.child_transaction_ids
        )

    def _post_process_charge(self):
        """Make one payment a bill, its surcharge included; what the bill no longer owes
        becomes a credit of the account."""
        self.ensure_one()
        Method = self.env["kavi.payment.method"]
        date = self._get_money_date()
        for line in self.kavi_line_ids.filtered(lambda line: not line.payment_id):
            bill = line._get_bill_to_book()
            method = Method._get_card_method(line.company_id, required=True)
            if bill._get_refusal("complete_payment"):
                line.payment_id = bill._record_unallocated_payment(method, line, date)
            else:
                line.payment_id = bill._complete_payment(
                    method, date=date, amount=line.amount
                )
                line._notify_part_paid()
        self.payment_id = self.kavi_line_ids.payment_id[:1]

    def _schedule_booking(self):
        """Try again to book money that has moved, for as long as it takes: daily in the
        end. After the last of the first tries the administrators are told why not."""
        self.ensure_one()
        step = self._climb()
        if step == len(RETRY_DELAYS):
            self._kavi_alert(
                self.env._("Card money is still not booked"),
                self.env._(
                    "The money has moved, and after %(count)s tries its entries cannot "
                    "be made: %(reason)s Mend this; it is tried again every day.",
                    count=step,
                    reason=self.post_process_error
                    or self.env._("somebody else was working on the same each time."),
                ),
            )

    def _get_money_date(self):
        """The day on which the gateway said that the money moved, at most today."""
        company = self.company_id
        day = company._billing_today(self.last_state_change)
        return min(day, company._billing_today())

    def _post_process_refund(self):
        """Make the entries of a refund; cancel the bill, if it was for that."""
        self.ensure_one()
        if not self.ends_bill:
            self._book_refund()
            return
        try:
            with self.env.cr.savepoint():
                self._book_refund()
                self._end_bills()
        except UserError as error:
            if isinstance(error.__cause__, LockError):
                raise  # somebody else works on the bill: at the next check
            self._book_refund()  # the money is back, whatever becomes of the bill
            self._alert_not_canceled(error)

    def _book_refund(self):
        """Make a credit note and a refund payment a bill; where money was charged back,
        undo that part of the payment."""
        self.ensure_one()
        source = self.source_transaction_id
        if not source.is_post_processed and source.state == "done":
            source._post_process()  # the payment before its refund
        if self.is_chargeback:
            lines = self.kavi_line_ids.filtered(lambda line: not line.payment_id)
            with lines._notify_charged_back(self.return_reason):
                self._book_returned_lines()
        else:
            self._book_returned_lines()
        self.payment_id = self.kavi_line_ids.payment_id[:1]

    def _book_returned_lines(self):
        """Make the entries of what went back of each bill, where there are none yet."""
        date, source = self._get_money_date(), self.source_transaction_id
        for line in self.kavi_line_ids.filtered(lambda line: not line.payment_id):
            bill = line._get_bill_to_book()
            if self.is_chargeback:
                paid = source.kavi_line_ids.filtered(
                    lambda charged, bill=bill: charged.bill_id.id == bill.id
                ).payment_id
                line.payment_id = bill._record_chargeback(
                    paid, line.total, date, self.return_reason
                )
                continue
            line.payment_id = bill._record_card_refund(
                line.total, date, self.return_reason
            )[:1]

    def _post_process_chargeback(self):
        """Reverse the payments of a charge that was charged back: the debt is open
        again, and the books show both movements."""
        with self.kavi_line_ids._notify_charged_back(self.state_message):
            self._reverse_charged_payments()

    def _reverse_charged_payments(self):
        for line in self.kavi_line_ids:
            payment, bill = line.payment_id, line.bill_id
            if not payment or payment.state in ("rejected", "canceled"):
                continue
            if not bill._is_reversible(payment):
                self._kavi_alert(
                    self.env._("A payment that was used was charged back"),
                    self.env._(
                        "%(payment)s does not settle bill %(bill)s any more: reverse "
                        "it in Invoicing.",
                        payment=payment.name,
                        bill=bill.name,
                    ),
                )
                continue
            bill._reverse_payment(payment, reason=self.state_message)
            bill._alert_administrators(
                self.env._("A card payment was charged back"),
                self.state_message or self.env._("By the payer's bank."),
            )

    def _post_process_fee(self):
        """Post what the gateway kept of the money to the company's fee account, so that
        the rest matches the bank. Without such an account the fee is only shown."""
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

    def _prepare_fee_vals(self, account, payment, fee=None, date=None, name=None):
        """Values of the entry: the fee out of what is outstanding at the gateway.

        :param float fee: default that of the transaction itself, on the payment's day
        """
        company, currency = payment.company_id, self.currency_id
        fee = self.gateway_fee if fee is None else fee
        date = date or payment.date
        balance = currency._convert(fee, company.currency_id, company, date)
        name = name or self.env._("Fee of %s", self.reference)
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
            "is_kavi_fee": True,
            "date": date,
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
