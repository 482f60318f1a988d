import logging

from psycopg2 import OperationalError

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from ...tools.state import PENDING, RUNNING

BATCH = 100

_logger = logging.getLogger(__name__)


class KaviMembership(models.Model):
    """What is done at night: the walk, and the comparison with the bills."""

    _inherit = "kavi.membership"

    # === CRON METHODS === #

    @api.model
    def _cron_walk(self):
        """Move what the day moves; also what was missed on days without a walk. One
        that fails does not stop the others."""
        todo = []
        for day, company_ids in self.env["res.company"]._get_billing_days().items():
            domain = Domain("company_id", "in", company_ids) & self._get_due_domain(day)
            found = self.with_context(active_test=False).search(domain, order="id")
            todo += [(day, batch) for batch in split_every(BATCH, found.ids)]
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=sum(len(ids) for __, ids in todo))
        for day, ids in todo:
            self.browse(ids)._work_on(lambda batch, day=day: batch._advance(day))
            if not progress._commit_progress(len(ids)):
                break

    @api.model
    def _get_due_domain(self, day):
        """What a day moves, by indexes: the cost follows what is to be done."""
        return (
            Domain("state", "=", "pending_start")
            & Domain("date_start", "<=", day)
            & Domain("is_missed", "=", False)
            | Domain("state", "=", "current") & Domain("date_end", "<", day)
            | Domain("state", "=", "expired") & Domain("date_grace", "<", day)
            | Domain("state", "in", (*PENDING, *RUNNING))
            & Domain("date_ended", "<=", day)
            | Domain("suspend_on", "<=", day) & Domain("suspended", "=", False)
        )

    @api.model
    def _cron_compare(self):
        """Repair what a callback that failed has left: bills and memberships."""
        ids = self._find_unheard()
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(ids))
        for batch in split_every(BATCH, ids):
            self.browse(batch)._work_on(lambda found: found._hear_again())
            if not progress._commit_progress(len(batch)):
                return
        self.env["res.partner"]._repair_pending_members()
        self._repair_access()

    # === HELPER METHODS === #

    @api.model
    def _find_unheard(self):
        """The memberships whose newest bill is not as it was when it was worked on."""
        self.env.flush_all()
        return [id_ for (id_,) in self.env.execute_query(self._get_unheard_query())]

    @api.model
    def _get_unheard_query(self):
        return SQL(
            """
            SELECT membership.id
              FROM kavi_membership membership
              JOIN LATERAL (
                   SELECT bill.id, bill.state, bill.refund_amount
                     FROM kavi_bill bill
                    WHERE bill.origin_model = 'kavi.membership'
                      AND bill.origin_id = membership.id
                 ORDER BY bill.id DESC
                    LIMIT 1
                   ) bill ON TRUE
             WHERE bill.state <> 'draft'
               AND membership.heard IS DISTINCT FROM CONCAT(
                   bill.id, ':', bill.state, ':',
                   TO_CHAR(COALESCE(bill.refund_amount, 0), 'FM9999999999990.000000'))
          ORDER BY membership.id
            """
        )

    def _hear_again(self):
        """Work on what the bills of these memberships are by now."""
        events = {
            "paid": "_kavi_bills_paid",
            "refunded": "_kavi_bills_refunded",
            "canceled": "_kavi_bills_canceled",
        }
        for one in self._for_books():
            bill = one.kavi_bill_ids.sorted("id")[-1:]
            before = (one.heard or "::").split(":")[1]
            event = events.get(bill.state)
            if not event and before in ("paid", "refunded"):
                event = "_kavi_bills_reopened"
            if event:
                getattr(one, event)(bill)
            else:
                one._hear(bill)

    def _work_on(self, act):
        """Do something with those of these memberships that nobody else works on: all
        at once, and where that fails one by one, so that a bad one is set aside."""
        free = self.exists().try_lock_for_update(allow_referencing=True)
        try:
            with self.env.cr.savepoint():
                act(free)
                self.env.flush_all()
            return
        except OperationalError:
            raise
        except Exception:
            _logger.info("One of %s memberships fails: one by one", len(free))
        for one in free:
            try:
                with self.env.cr.savepoint():
                    act(one)
                    self.env.flush_all()
            except OperationalError:
                raise
            except Exception as error:
                _logger.exception("Membership %s does not move", one.id)
                one._alert_officers(
                    self.env._("The membership does not move by itself"), str(error)
                )
