import logging

from psycopg2 import IntegrityError, OperationalError

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain

from ...paypal.exceptions import Refused, Unknown
from .capture import UNAPPROVED

_logger = logging.getLogger(__name__)

# How long after the last one each look at what is not known follows, in minutes:
# after 5 minutes, 1 hour, then daily for 5 days (D-14).
LADDER = (5, 60, *[24 * 60] * 5)
# What others who are at the same have one run into.
BUSY = (IntegrityError, OperationalError, LockError)
# An approval runs out after some hours; an order that nobody has approved by the third
# look is closed.
UNAPPROVED_STEPS = 2


class PaymentTransaction(models.Model):
    """Unknown is a state: asked for again until it is known."""

    _inherit = "payment.transaction"

    check_step = fields.Integer(readonly=True, copy=False)
    check_date = fields.Datetime(
        string="Next Look",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="When the gateway is asked again what became of it.",
    )

    may_be_given_up = fields.Boolean(
        compute="_compute_may_be_given_up",
        help="After the last look, when the gateway has told nothing.",
    )

    @api.model
    def _cron_resolve(self):
        """Ask again for all whose outcome is not known, and book what is not booked."""
        self._cron_look_up()

    @api.model
    def _get_due_domain(self):
        return Domain("check_date", "<=", fields.Datetime.now()) & Domain(
            "kavi_line_ids", "!=", False
        )

    @api.model
    def _cron_look_up(self):
        due = self.search(self._get_due_domain(), order="check_date, id")
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for tx in due:
            tx._kavi_look_up_safely()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _kavi_look_up_safely(self):
        """Look one up. A bad one is set aside, and looked at later; whatever it does,
        the rest goes on."""
        self.ensure_one()
        try:
            self._kavi_look_up(again=True)
            self._kavi_climb()
            self._kavi_commit()
        except Exception as error:
            self._kavi_step_back()
            causes = (error, error.__cause__)
            if any(isinstance(e, BUSY) for e in causes):
                return  # somebody else is at it; still due, if need be
            if not isinstance(error, UserError):
                _logger.exception("Transaction %s: not resolved", self.id)
            try:
                self._kavi_climb()
                self._kavi_commit()
            except Exception:
                self._kavi_step_back()
                _logger.exception("Transaction %s: could not be set aside", self.id)

    def _kavi_step_back(self):
        """To what was committed last."""
        self.env.cr.rollback()
        self.env.invalidate_all()

    def _kavi_climb(self):
        """What is known is looked at no more; the rest on the next step."""
        for tx in self:
            if tx._is_resolved():
                tx.write({"check_date": False, "check_step": 0})
                continue
            step = tx.check_step + 1
            if step < len(LADDER):
                date = fields.Datetime.add(fields.Datetime.now(), minutes=LADDER[step])
                tx.write({"check_step": step, "check_date": date})
                continue
            tx.write({"check_step": step, "check_date": False})
            tx._kavi_alert(
                self.env._("The gateway gives no answer"),
                self.env._(
                    "What became of this transaction is not known after %s looks. Look "
                    "at the gateway's site, then ask again from the transaction.",
                    step,
                ),
            )

    def _is_resolved(self):
        self.ensure_one()
        if self.provider_code == "kavi_manual" and self.state == "pending":
            return True  # an administrator says what becomes of it
        if self.state in ("draft", "pending"):
            return False
        return self.is_post_processed or self.state in (
            "error",
            "cancel",
            "authorized",
        )

    def _kavi_look_up(self, again=False):
        """Ask the gateway what became of each of these, and follow its answer."""
        for tx in self.filtered("kavi_line_ids").sudo():
            if tx.provider_code == "paypal":
                tx._kavi_look_up_paypal(again)
            tx._kavi_finish()

    def _kavi_look_up_paypal(self, again=False):
        self.ensure_one()
        if self.operation == "refund":
            if self.paypal_refund_id:
                self._kavi_follow("get_refund", self.paypal_refund_id)
            elif self.state in ("draft", "pending"):
                self._kavi_send_refund()
        elif self.authorization_act:
            if self.paypal_capture_id:
                self._kavi_follow("get_capture", self.paypal_capture_id)
            elif self.state == "pending":
                self._kavi_send_authorization()
        elif self.paypal_capture_id and self.state in ("pending", "cancel", "error"):
            self._kavi_follow("get_capture", self.paypal_capture_id)
        elif self.state == "authorized":
            self._kavi_follow("get_authorization", self.paypal_authorization_id)
        elif self.paypal_order_id and self.state in ("draft", "pending"):
            # only what was seen unapproved: no answer says nothing of the payer
            if self._kavi_settle(again) in UNAPPROVED:
                self._kavi_close_unapproved()
        elif self.state == "draft":
            # the order was never made, or its answer never came: no payer has it
            self._kavi_close_unapproved()

    def _kavi_close_unapproved(self):
        if self.state == "draft" and self.check_step >= UNAPPROVED_STEPS:
            self._set_canceled(
                state_message=self.env._("The payer did not approve it in time.")
            )

    def _kavi_follow(self, call, id_):
        """Ask for one thing by its id, and do as it says."""
        apply = {
            "get_refund": self._kavi_apply_refund,
            "get_capture": self._kavi_apply_capture,
            "get_authorization": self._kavi_apply_authorization,
        }[call]
        try:
            answer = getattr(self._kavi_client(), call)(id_)
        except (Refused, Unknown):
            self._kavi_commit()  # what was said is kept; it is asked again
        else:
            apply(answer)

    def _update_state(self, allowed_states, target_state, state_message):
        txs = super()._update_state(allowed_states, target_state, state_message)
        ours = txs.filtered("kavi_line_ids")
        if target_state in ("done", "pending"):
            ours._kavi_wait()  # until it is booked, too
        labels = dict(self._fields["kavi_state"]._description_selection(self.env))
        for tx in ours:
            tx._kavi_record("received", str(state_message or labels[tx.kavi_state]))
        return txs

    def action_kavi_ask_gateway(self):
        """Ask the gateway now (the button)."""
        self._check_billing_role()
        self.sudo()._kavi_look_up(again=True)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_kavi_give_up(self):
        """Nobody will ever know: an administrator, who has looked at the gateway's
        site, says that nothing was moved. Should it turn up after all, it is booked."""
        self.ensure_one()
        self._check_billing_role("administrator")
        tx = self.sudo()
        tx._kavi_lock_with_bills()
        if not tx.may_be_given_up:
            raise UserError(
                self.env._(
                    "The gateway is still asked, or has answered: wait for what it "
                    "says."
                )
            )
        message = self.env._("Given up by %s: nothing was moved.", self.env.user.name)
        tx._kavi_record("note", message)
        if tx.operation == "refund":
            tx._set_error(message)  # and may be tried again
        else:
            tx._set_canceled(state_message=message)
        tx._kavi_finish()

    @api.depends("state", "check_date", "check_step", "provider_code")
    def _compute_may_be_given_up(self):
        for tx in self:
            tx.may_be_given_up = bool(
                tx.provider_code == "paypal"
                and tx.kavi_line_ids
                and tx.state == "pending"
                and not tx.check_date
                and tx.check_step >= len(LADDER)
            )

    # === WHAT NO EVENT HAS TOLD === #

    @api.model
    def _cron_compare_report(self, days=3):
        """Compare PayPal's own report of the last days with what we know.

        What it knows and we don't, of our payments, is looked up. The report may be
        some hours late, and each day is read several times.
        """
        providers = self.env["payment.provider"].sudo()
        end = fields.Datetime.now()
        # also one that is switched off: what it has charged may be charged back
        for provider in providers.search([("code", "=", "paypal")]):
            last = self.search(
                Domain("provider_id", "=", provider.id)
                & Domain("kavi_line_ids", "!=", False),
                order="id desc",
                limit=1,
            )
            if not last:
                continue
            # from where it was read last, if that was not to be had for a while
            start = fields.Datetime.subtract(
                min(provider.kavi_report_date or end, end), days=days
            )
            try:
                client = provider._get_paypal_client(last, is_kept=False)
                rows = list(client.list_transactions(start, end))
            except (Refused, Unknown, UserError) as error:
                _logger.info("No report from %s: %s", provider.name, error)
                continue
            if all([self._kavi_compare_row(provider, row) for row in rows]):
                provider.kavi_report_date = end
                self._kavi_commit()
        self._kavi_look_at_authorized()

    @api.model
    def _kavi_look_at_authorized(self):
        """What waits to be captured by hand may have run out at the gateway."""
        waiting = self.search(
            Domain("state", "=", "authorized") & Domain("kavi_line_ids", "!=", False)
        )
        for tx in waiting:
            tx._kavi_look_up_safely()

    @api.model
    def _kavi_compare_row(self, provider, row):
        """Follow one line of the report, if it is of ours and new to us.

        :return: whether that is done; if not, it is read again
        """
        try:
            tx = self._kavi_find_reported(provider, row)
            if tx:
                tx._kavi_take_in_reported(row)
            self._kavi_commit()
        except (IntegrityError, OperationalError):
            self._kavi_step_back()  # somebody else is at it; read again tomorrow
            return False
        except Exception:
            self._kavi_step_back()
            _logger.exception("A line of the report: %s", row.get("transaction_id"))
            return False
        return True

    @api.model
    def _kavi_find_reported(self, provider, row):
        """The charge that a line of the report is about, unless all is known."""
        id_ = row.get("transaction_id")
        ours = Domain("provider_id", "=", provider.id) & Domain(
            "kavi_line_ids", "!=", False
        )
        known = self.search(
            ours
            & (
                Domain("paypal_capture_id", "=", id_)
                | Domain("paypal_refund_id", "=", id_)
            ),
            limit=1,
        )
        if known:
            # given up or refused, and yet in the report: the money moved all the same
            is_known = known._is_resolved() and known.state == "done"
            return self.browse() if is_known else known
        up = row.get("paypal_reference_id")
        names = [
            name for name in (row.get("custom_field"), row.get("invoice_id")) if name
        ]
        return self.search(
            ours
            & Domain("operation", "!=", "refund")
            & (
                (
                    Domain("paypal_capture_id", "=", up)
                    & Domain("paypal_capture_id", "!=", False)
                )
                | (
                    Domain("paypal_order_id", "=", up)
                    & Domain("paypal_order_id", "!=", False)
                )
                | Domain("reference", "in", names)
            ),
            limit=1,
        )

    def _kavi_take_in_reported(self, row):
        """A charge, refund or reversal that only the report has told."""
        self.ensure_one()
        code = row.get("transaction_event_code") or ""
        amount = float(row["transaction_amount"]["value"])
        if amount > 0 or self.state != "done":
            self._kavi_look_up(again=True)
        if amount > 0 and code in RESTORED:
            self._kavi_alert_once(
                row["transaction_id"],
                self.env._("A payment that was taken back has come in again"),
                self.env._(
                    "%(amount)s by %(id)s. Complete the payment of the bill by hand.",
                    amount=self.currency_id.format(amount),
                    id=row["transaction_id"],
                ),
            )
        if (
            amount >= 0
            or self.state != "done"
            or row.get("transaction_status", "S") != "S"
            or self.paypal_refund_id == row["transaction_id"]
        ):
            return
        try:
            refund = self._kavi_client().get_refund(row["transaction_id"])
        except Unknown:
            return  # read again tomorrow
        except Refused:
            if code not in REVERSALS + REFUNDS:
                return  # a fee, or held while a dispute is looked at
            # a charge-back is none of PayPal's refunds: what the report says counts
            refund = self._get_reported_refund(row)
        if code in REVERSALS:
            self._kavi_take_in_reversal(
                refund, self.env._("Taken back by the payer's bank or the gateway.")
            )
        else:
            self._kavi_take_in_refund(refund)

    def _get_reported_refund(self, row):
        """A line of the report in the shape of PayPal's refunds."""
        money = row["transaction_amount"]
        return {
            "id": row["transaction_id"],
            "status": "COMPLETED",
            "custom_id": row.get("custom_field"),
            "amount": {**money, "value": money["value"].lstrip("-")},
        }


# PayPal's codes of money that the seller gave back ...
REFUNDS = ("T1107",)
# ... that was taken back, by PayPal or by the payer's bank ...
REVERSALS = ("T1106", "T1201")
# ... that came in again, since the seller has won ...
RESTORED = ("T1202", "T1205")
