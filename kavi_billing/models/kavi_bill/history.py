import logging
from collections import defaultdict

from psycopg2 import OperationalError

from odoo import models

from ...tools.bill_rules import EDITABLE
from ..kavi_activity import DONE

_logger = logging.getLogger(__name__)


class KaviBill(models.Model):
    """What happened to a bill, and which application hears of it."""

    _inherit = "kavi.bill"

    def _log_act(self, act, bodies):
        """Write who did what, when, in the bills' history: one message a bill, and one
        row in the activity history."""
        label = self._get_act_labels()[act]
        self.env["kavi.activity"]._record(
            act, {self.browse(id_): body for id_, body in bodies.items()}, "bill_id"
        )
        self.sudo()._message_log_batch(
            {
                id_: f"{label}: {body.strip()}" if body.strip() else f"{label}."
                for id_, body in bodies.items()
            }
        )

    def _compute_field_value(self, field):
        if self._fields["state"] in self.pool.field_computed[field]:
            self._remember_states()
        return super()._compute_field_value(field)

    def _remember_states(self):
        """Keep the states as they were, to tell who is to be called when they change.

        Like mail's tracking: whatever changes them, from wherever, is noticed before
        the commit.
        """
        known = self.env.cr.precommit.data.setdefault("kavi.bill.states", {})
        if not known:
            self.env.cr.precommit.add(self._run_state_hooks)
        for bill in self:
            if bill.id:
                known.setdefault(bill.id, bill.state)

    def _forget_states(self):
        """What these bills are now is no news: nobody is called or told of it."""
        self.flush_recordset(["state"])
        known = self.env.cr.precommit.data.get("kavi.bill.states", {})
        for id_ in self.ids:
            known.pop(id_, None)

    def _run_state_hooks(self):
        """Call back whoever waits for bills whose state has changed."""
        known = self.env.cr.precommit.data.pop("kavi.bill.states", {})
        changed = defaultdict(self.sudo().browse)
        states = {}
        for bill in self.sudo().browse(known).exists():
            before, after = known[bill.id], bill.state
            if before == after:
                continue
            states[bill] = (before, after)
            if after in ("paid", "refunded", "canceled"):
                changed[after] += bill
            elif before in ("paid", "refunded"):
                changed["reopened"] += bill
        self.env["kavi.activity"]._record_states(states)
        for event, bills in changed.items():
            bills._on_state_changed(event)

    def _message_track(self, fields_iter, initial_values_dict):
        """What is edited is an activity, too, unless it is part of an act."""
        tracking = super()._message_track(fields_iter, initial_values_dict)
        acted = self.env.cr.precommit.data.get(DONE, {})
        edited = {
            self.browse(id_): self._get_field_labels(set(changes) & EDITABLE)
            for id_, (changes, _values) in tracking.items()
            if id_ not in acted and set(changes) & EDITABLE
        }
        if edited:
            self.env["kavi.activity"]._record("edit", edited, "bill_id")
        return tracking

    def _on_state_changed(self, event):
        """Hook: these bills were just paid, refunded, canceled or reopened.

        :param str event: "paid", "refunded", "canceled" or "reopened"
        """
        if event == "canceled":
            # also when an accountant reversed the invoice: canceled is final (KB-27)
            self.filtered(lambda bill: not bill.is_canceled)._write_facts(
                {
                    "is_canceled": True,
                    "cancel_reason": self.env._("Taken back in the books"),
                }
            )
        self.partner_id._settle_pending_accounts()
        for model in set(self.mapped("origin_model")) - {False}:
            if model not in self.env:
                continue  # the application was uninstalled
            bills = self.filtered(lambda bill, model=model: bill.origin_model == model)
            origins = self.env[model].browse(set(bills.mapped("origin_id"))).exists()
            callback = getattr(origins, f"_kavi_bills_{event}", None)
            if callback and origins:
                bills._call_back(callback, event)

    def _call_back(self, callback, event):
        """Run another application's callback without letting it undo the payment."""
        try:
            with self.env.cr.savepoint():
                callback(self)
                self.env.flush_all()
        except OperationalError:
            raise  # a conflict with somebody else: the whole request is tried again
        except Exception as error:
            _logger.exception("Callback of %s failed", ", ".join(self.mapped("name")))
            for bill in self:
                bill._alert_administrators(
                    self.env._("What was billed did not follow"),
                    self.env._(
                        "%(application)s was told that the bill is %(event)s and "
                        "answered: %(error)s",
                        application=bill.created_by,
                        event=event,
                        error=error,
                    ),
                )
