from contextvars import ContextVar

from odoo import fields, models
from odoo.exceptions import RedirectWarning, UserError

# Whether entries are made on trial, to be undone: nobody is told of them.
_on_trial = ContextVar("kavi_commerce_on_trial", default=False)


def is_on_trial():
    return _on_trial.get()


class PaymentTransaction(models.Model):
    """Refunds before they are asked for, and after they were refused.

    What the books would refuse is not asked of the gateway: the entries are made in a
    savepoint first, and undone. What the gateway refuses stays in sight until it is
    tried again, or made otherwise; never both.
    """

    _inherit = "payment.transaction"

    retry_of_id = fields.Many2one(
        "payment.transaction",
        string="Tried Again For",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The refund that failed first: of its tries only one makes the money go.",
    )

    # === BUSINESS METHODS === #

    def _check_bookable(self):
        """Make the entries that these refunds will need, and undo them.

        :raise UserError: with what the books refuse
        """
        savepoint = self.env.cr.savepoint()
        token = _on_trial.set(True)
        try:
            # as after the gateway's answer
            books = self._for_books().with_context(tracking_disable=True)
            for refund in books:
                refund._book_refund()
            books._end_bills()
            books.env.flush_all()
        except (UserError, RedirectWarning) as error:
            raise UserError(
                self.env._(
                    "The gateway was not asked, for the refund cannot be booked: "
                    "%s Mend this first, or give the money back by another method.",
                    error.args[0],
                )
            ) from error
        finally:
            savepoint.close(rollback=True)
            _on_trial.reset(token)

    def _lock_credits(self):
        """Lock the credits that these charges have become: what goes back of them is
        used for nothing else."""
        moves = self.kavi_line_ids.payment_id.move_id
        self.env["kavi.credit"].search([("move_id", "in", moves.ids)])._lock_rows()

    # === BUSINESS METHODS - REFUSED BY THE GATEWAY === #

    def _lock_failed_return(self):
        """Lock a failed refund.

        :return: those of its lines that nothing has made up for yet
        :raise UserError: when there is none: it was tried again, or made otherwise
        """
        self.ensure_one()
        if self.kavi_state != "failed_return":
            raise UserError(self.env._("Only a failed return is tried again."))
        (self.source_transaction_id or self)._kavi_lock_with_bills()
        self.invalidate_recordset()
        self.kavi_line_ids.invalidate_recordset()
        lines = self.kavi_line_ids.filtered(lambda line: line._is_failed_return())
        if not lines:
            raise UserError(
                self.env._(
                    "This return was tried again already, or its money went back in "
                    "another way: it would go back twice."
                )
            )
        return lines

    def _retry_refund(self):
        """Ask for a failed refund again.

        :return: the new refunds, one a bill
        """
        lines, refunds = self._lock_failed_return(), self.browse()
        for line in lines:
            line.is_superseded = True
            refunds += self.source_transaction_id._create_refund(
                line.total, line.bill_id, self.return_reason, **self._get_retry_vals()
            )
        refunds._ask_for_refund()
        return refunds

    def _get_retry_vals(self):
        """What a refund that is tried again has from the one that failed."""
        names = ("ends_bill", "rest_amount", "is_of_bill", "is_notified", "notice_text")
        first = self.retry_of_id or self
        return {name: self[name] for name in names} | {"retry_of_id": first.id}

    def _alert_failed_return(self):
        """Tell the administrators that a refund was refused."""
        self._kavi_alert(
            self.env._("A refund has failed"),
            self.env._(
                "%s Try it again from the bill, or give the money back by another "
                "method.",
                self.state_message or "",
            ),
        )

    # === BUSINESS METHODS - BILLS THAT END === #

    def _end_bills(self):
        """Cancel the bills whose money has gone back with these refunds, if that was
        asked for: when the last one of each bill has been made."""
        for bill in self.filtered("ends_bill").bill_ids:
            ending = bill.transaction_line_ids.filtered(
                lambda line: line.transaction_id.ends_bill and not line.is_superseded
            ).transaction_id
            mine = ending & self
            waiting = (ending - self).filtered(
                lambda tx: tx._is_undecided() or tx.is_failed_return
            )
            if mine and not waiting:
                bill._cancel_after_refunds(ending, mine[-1:])

    def _alert_not_canceled(self, error):
        """Tell the administrators that the money is back, but not why it went back.

        :param UserError error: what the books or the bill refuse
        """
        self._kavi_alert(
            self.env._("A bill could not be canceled"),
            self.env._(
                "The money for bill %(bill)s has gone back, but it is not canceled: "
                "%(reason)s Cancel it from the bill.",
                bill=", ".join(self.bill_ids.mapped("name")),
                reason=error,
            ),
        )
