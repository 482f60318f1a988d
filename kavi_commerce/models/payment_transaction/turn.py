import time
from contextlib import contextmanager

from psycopg2 import OperationalError
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from odoo import models
from odoo.exceptions import LockError, UserError
from odoo.tools import mute_logger

# The first half of the key of the advisory locks; the second is the charge's id.
TURN = int.from_bytes(b"kavi", "big")
# Seconds that one waits for one's turn, and between two looks.
PATIENCE, LOOK = 20, 0.05
# Seconds to wait for whoever works on the bill, from try to try: 3 in all.
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.5)


class PaymentTransaction(models.Model):
    """One after the other at the same payment.

    The payer's return, events, the scheduled job and people come to a payment at the
    same moment. Whoever comes second waits here until the first is done, and then sees
    what is left to do, instead of giving way until the next look.
    """

    _inherit = "payment.transaction"

    # === HELPER METHODS === #

    @contextmanager
    def _kavi_turn(self, with_bills=False):
        """Work on a charge and its returns alone, with what others have committed.

        The caller's changes are committed before, and what is done here after. The lock
        belongs to the database's session: it outlasts the commits in between, ends with
        the process, and may be taken again within. Don't ask the gateway with it: a
        slow answer would hold up what an event has told meanwhile.

        :param bool with_bills: wait for the bills, too, which an answer changes
        :raise UserError: when somebody else does not end
        """
        self.ensure_one()
        if self.provider_code == "kavi_manual":
            yield  # one database transaction as any other
            return
        key = [TURN, (self.source_transaction_id or self).id]
        self._kavi_see_anew()
        self._take_turn(key)
        try:
            if with_bills:
                self._kavi_wait_for_bills()
            else:
                self._kavi_see_anew()
            yield
            self._kavi_see_anew()
        finally:
            self._give_turn_back(key)

    def _take_turn(self, key):
        cr, end = self.env.cr, time.monotonic() + PATIENCE
        while True:
            cr.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
            if cr.fetchone()[0]:
                return
            if time.monotonic() > end:
                busy = self._get_busy_text()
                raise UserError(busy) from LockError(busy)
            time.sleep(LOOK)

    def _give_turn_back(self, key):
        cr = self.env.cr
        if cr._closed:
            return  # and the lock is gone with it
        if cr.connection.info.transaction_status == TRANSACTION_STATUS_INERROR:
            cr.rollback()  # nothing can be asked of the database before that
        cr.execute("SELECT pg_advisory_unlock(%s, %s)", key)

    def _kavi_see_anew(self):
        """Commit, so that from now on is seen what others have committed."""
        self.env.flush_all()
        self.env["ir.cron"]._commit_progress()
        self.env.invalidate_all()

    def _kavi_wait_for_bills(self):
        """Lock the bills and the transaction, as soon as whoever works on them is done.

        :raise UserError: when they are not done in some seconds
        """
        for pause in (*PAUSES, None):
            self._kavi_see_anew()
            try:
                with self.env.cr.savepoint(flush=False), mute_logger("odoo.sql_db"):
                    return self._kavi_lock_with_bills()
            except (UserError, OperationalError) as error:
                if pause is None:
                    raise UserError(self._get_busy_text()) from error
            time.sleep(pause)

    def _get_busy_text(self):
        return self.env._(
            "This payment is in progress: somebody else is working on it right now. "
            "Wait a moment and reload the page."
        )
