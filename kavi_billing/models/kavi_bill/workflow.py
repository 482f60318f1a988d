import logging
from collections import defaultdict

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.bill_rules import (
    ACTS,
    DERIVED,
    EDITABLE,
    FACTS,
    FLAGS,
    ORIGIN,
    allowed_acts,
    refusal,
)
from ...tools.context import private_value

_logger = logging.getLogger(__name__)

_DATES = ("bill_date", "due_date")


class KaviBill(models.Model):
    """What may be done with a bill: flags, acts, guards on every path, the activity
    history, and what follows from a change of state.

    The rules themselves are in ``tools/bill_rules``.
    """

    _inherit = "kavi.bill"

    allowed_acts = fields.Json(
        compute="_compute_allowed_acts",
        help="The acts that the table allows now: the form shows these buttons.",
    )
    flag_label = fields.Char(string="Flags", compute="_compute_flag_label")

    # === COMPUTE METHODS === #

    @api.depends(
        "state",
        "is_overdue",
        "is_partly_paid",
        "is_disputed",
        "is_frozen",
        "opening_state",
        "opening_date",
    )
    def _compute_allowed_acts(self):
        table = self._get_acts()
        for bill in self:
            bill.allowed_acts = allowed_acts(
                bill.state or "draft", bill._get_flags(), table
            )

    @api.depends(
        "is_overdue",
        "is_partly_paid",
        "is_disputed",
        "is_frozen",
        "opening_state",
        "opening_date",
    )
    def _compute_flag_label(self):
        labels = self._get_flag_labels()
        for bill in self:
            flags = bill._get_flags()
            bill.flag_label = " · ".join(
                label for flag, label in labels.items() if flag in flags
            )

    def _compute_field_value(self, field):
        if self._fields["state"] in self.pool.field_computed[field]:
            self._remember_states()
        return super()._compute_field_value(field)

    # === CRUD METHODS === #

    def write(self, vals):
        is_act, moving, writing = self._is_act(), self.browse(), self
        if not is_act:
            self._check_written_vals(vals)
            if "company_id" in vals and "currency_id" not in vals:
                moving = self.filtered(
                    lambda bill: bill.currency_id == bill.company_id.currency_id
                )
            if not self.env.su:  # nobody asks that what they edit is not tracked
                writing = self.with_context(tracking_disable=False, mail_notrack=False)
        result = super(KaviBill, writing).write(vals)
        if not is_act:
            self._follow_edit(vals, moving)
        if "kind_id" in vals and "payment_term_id" not in vals:
            self._sync_kind_term()
        return result

    def _follow_edit(self, vals, moving):
        """Carry what was written outside an act to invoice, currency and account.

        :param moving: bills in the currency of a company that they leave
        """
        for bill in moving:  # in the currency of the company, as it was
            if bill.currency_id != bill.company_id.currency_id:
                bill.currency_id = bill.company_id.currency_id
        issued = self.filtered("name")
        if "due_date" in vals:
            issued._sync_invoice_due_date()
        if "purchase_order" in vals:
            # sudo: "edit" was checked for the bill
            issued._for_books().invoice_id.ref = vals["purchase_order"]
        if vals.get("partner_id"):
            self.partner_id._open_billing_account()

    def unlink(self):
        # before mail takes the messages away, which it does first of all
        self.check_access("unlink")
        accounts = self.partner_id
        result = super().unlink()
        accounts._settle_pending_accounts()  # a draft has kept them waiting
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_issued(self):
        self._check_act("delete")
        self._for_books()._tell_origins("deleted")
        self.env["kavi.activity"]._record(
            "delete", {bill: bill.title or "" for bill in self}
        )
        for partner in self.partner_id:
            drafts = self.filtered(lambda bill, p=partner: bill.partner_id == p)
            # sudo: contacts may be read-only for whoever may delete a draft (KB-39)
            partner.sudo()._message_log(
                body=self.env._("Drafts deleted: %s", ", ".join(drafts.mapped("title")))
            )

    # === BUSINESS METHODS === #

    @api.model
    def _get_protected_fields(self):
        return super()._get_protected_fields() | DERIVED | FACTS | {"access_token"}

    @api.model
    def _get_refused_fields(self):
        # an application says who it is, and what it bills
        return super()._get_refused_fields() - ORIGIN - {"created_by"}

    @api.model
    def _get_acts(self):
        """Hook: the table of what may be done with bills; other addons extend it.

        :return: dict like ``bill_rules.ACTS``
        """
        return ACTS

    def _get_flags(self):
        """The flags of one bill.

        :return: set of keys of ``bill_rules.FLAGS``
        """
        self.ensure_one()
        fact = {
            "overdue": self.is_overdue,
            "partly_paid": self.is_partly_paid,
            "disputed": self.is_disputed,
            "frozen": self.is_frozen,
            "opening_balance": self.opening_date,
            "historical": self.opening_state,
        }
        return {flag for flag, is_on in fact.items() if is_on}

    def _check_act(self, act):
        """Refuse ``act`` unless the table allows it on each of these bills.

        :param str act: a key of :meth:`_get_acts`
        :raise AccessError: when the user's role may not do it
        :raise UserError: with the reason, for the first bill that refuses
        """
        self._check_role(self._get_acts()[act].role)
        for bill in self:
            reason = bill._get_refusal(act)
            if reason:
                raise UserError(reason)

    def _check_not_frozen(self):
        """Refuse what would change the entries of bills that are frozen.

        :raise UserError: with the reason, for the first of them
        """
        for bill in self.filtered("is_frozen"):
            raise UserError(
                self.env._(
                    "Bill %s is frozen: its entries stay as they are, and so does what "
                    "settled them. Enter what has changed as an entry of its own.",
                    bill.name,
                )
            )

    def _lock_for_act(self, act):
        """Lock the bills' rows, and check ``act`` on what they are then.

        :raise UserError: when another transaction holds a lock, or the act is refused;
            Odoo retries serialization failures
        """
        self.check_access("write")
        self._lock_rows()
        self._check_act(act)

    def _get_refusal(self, act):
        """Why ``act`` is refused on this bill, as a sentence; "" when it is allowed."""
        self.ensure_one()
        found = refusal(act, self.state, self._get_flags(), self._get_acts())
        if not found:
            return ""
        reason, detail = found
        label = self._get_act_labels()[act]
        if self.opening_state:
            return self.env._(
                "%(act)s: bill %(bill)s is history. It was imported as it stood, and "
                "nothing of it is in these books.",
                act=label,
                bill=self.display_name,
            )
        if act == "change_amount" and self.opening_date:
            return self.env._(
                "%(act)s: what bill %(bill)s asks was charged before these books "
                "began. Cancel it and raise a new one, or give a credit.",
                act=label,
                bill=self.display_name,
            )
        if reason == "flag":
            return self.env._(
                "%(act)s: not while bill %(bill)s is marked “%(flag)s”.",
                act=label,
                bill=self.display_name,
                flag=self._get_flag_labels()[detail],
            )
        if reason == "missing":
            return self.env._(
                "%(act)s: bill %(bill)s is not marked “%(flag)s”.",
                act=label,
                bill=self.display_name,
                flag=self._get_flag_labels()[detail],
            )
        return self._get_state_refusal(act, label)

    def _get_state_refusal(self, act, label):
        """The sentence for an act that the bill's state refuses."""
        if act == "delete":
            return self.env._(
                "Bill %s is issued, and what was issued is not deleted. Cancel it "
                "instead: its history stays.",
                self.display_name,
            )
        if self.state == "canceled":
            return self.env._(
                "%(act)s: bill %(bill)s is canceled, and that is final.",
                act=label,
                bill=self.display_name,
            )
        if self.state == "draft":
            return self.env._(
                "%(act)s: issue the draft %(bill)s first.",
                act=label,
                bill=self.display_name,
            )
        return self.env._(
            "%(act)s: not on a bill that is %(state)s (%(bill)s).",
            act=label,
            bill=self.display_name,
            state=self._get_state_label(),
        )

    def _get_state_label(self):
        """The state's name in the user's language."""
        self.ensure_one()
        return dict(self._fields["state"]._description_selection(self.env))[self.state]

    @api.model
    def _get_act_labels(self):
        """Names of the acts in the user's language; the table has them in English."""
        return {
            **{name: act.label for name, act in self._get_acts().items()},
            "issue": self.env._("Issue"),
            "delete": self.env._("Delete"),
            "edit": self.env._("Edit"),
            "change_amount": self.env._("Change the amount"),
            "postpone": self.env._("Postpone"),
            "choose_method": self.env._("Choose a payment method"),
            "complete_payment": self.env._("Complete a payment"),
            "write_off": self.env._("Write off the rest"),
            "apply_credit": self.env._("Apply a credit"),
            "unapply_credit": self.env._("Take a credit off again"),
            "reverse_payment": self.env._("Reverse a payment"),
            "refund": self.env._("Refund"),
            "cancel": self.env._("Cancel"),
            "dispute": self.env._("Open a dispute"),
            "resolve_dispute": self.env._("Resolve the dispute"),
            "send_notice": self.env._("Send a notice"),
        }

    @api.model
    def _get_flag_labels(self):
        """Names of the flags, for badges and messages."""
        return {
            **FLAGS,
            "overdue": self.env._("Overdue"),
            "partly_paid": self.env._("Partly Paid"),
            "disputed": self.env._("In Dispute"),
            "frozen": self.env._("Frozen"),
            "opening_balance": self.env._("Opening Balance"),
            "historical": self.env._("History"),
        }

    @api.model
    def _get_alarming_flags(self):
        """Hook: flags whose badges the payer sees in red.

        :rtype: set
        """
        return {"overdue"}

    def _log_act(self, act, bodies):
        """Log an act: one message on each bill, and one row in the activity history.

        :param str act: a key of :meth:`_get_acts`
        :param dict bodies: ``{bill id: text}``
        """
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

    def _run_state_hooks(self):
        """Call back whoever waits for bills whose state has changed."""
        known = self.env.cr.precommit.data.pop("kavi.bill.states", {})
        refunds = self.env.cr.precommit.data.pop("kavi.bill.refunds", {})
        bills = self._for_books()
        changed = defaultdict(bills.browse)
        states = {}
        for bill in bills.browse(known).exists():
            before, after = known[bill.id], bill.state
            if before == after:
                if after == "refunded" and bill.currency_id.compare_amounts(
                    refunds[bill.id], bill.refund_amount
                ):
                    changed[after] += bill  # more of it, or less
                continue
            states[bill] = (before, after)
            if after in ("paid", "refunded", "canceled"):
                changed[after] += bill
            elif before in ("paid", "refunded"):
                changed["reopened"] += bill
        self.env["kavi.activity"]._record_states(states)
        # only now: the history has the act that led to the end before what ends with it
        remembered = bills.browse(known).exists()
        remembered._end_disputes()
        remembered._drop_promises()
        for event, changed_bills in changed.items():
            changed_bills._on_state_changed(event)

    def _on_state_changed(self, event):
        """Hook: these bills were just paid, refunded (or refunded once more), canceled
        or reopened.

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
        self._tell_origins(event)
        if event == "paid":
            self._record_rests()
            self._send_receipts()

    # === HELPER METHODS === #

    @api.model
    def _check_created_vals(self, vals_list):
        """Refuse values that only acts write, in values and in defaults."""
        for vals in vals_list:
            self._check_years(vals, _DATES)
        if self._is_act():
            return
        told = ORIGIN if private_value(self.env.context, "kavi_origin") else set()
        self._refuse_created_fields(vals_list, (DERIVED | FACTS) - told)
        for vals in vals_list:
            if vals.get("created_by") and not self.env.su:
                self._check_role("officer")

    def _check_written_vals(self, vals):
        self._refuse_fields(set(vals) & (DERIVED | FACTS))
        self._check_years(vals, _DATES)
        issued = self.filtered("name")
        names = self._get_written_fields(vals)
        if not issued or not names:
            return
        fixed = names - EDITABLE
        if fixed:
            raise UserError(
                self.env._(
                    "Bill %(bill)s is issued: %(fields)s can no longer be changed. "
                    "Cancel it and raise a new one instead.",
                    bill=issued[0].name,
                    fields=self._get_field_labels(fixed),
                )
            )
        issued._check_act("edit")
        if "due_date" in names:
            if not vals["due_date"]:
                raise UserError(self.env._("An issued bill has a due date."))
            issued._check_act("postpone")

    def _remember_states(self):
        """Keep the states as they were, for :meth:`_run_state_hooks`.

        Like mail's tracking: it runs before the commit, whatever changed the states.
        """
        known = self.env.cr.precommit.data.setdefault("kavi.bill.states", {})
        if not known:
            self.env.cr.precommit.add(self._run_state_hooks)
        refunds = self.env.cr.precommit.data.setdefault("kavi.bill.refunds", {})
        for bill in self:
            if bill.id:
                known.setdefault(bill.id, bill.state)
                refunds.setdefault(bill.id, bill.refund_amount)

    def _forget_states(self):
        """Pass over what changed of these bills: no callbacks, no notices."""
        self.flush_recordset(["state"])
        known = self.env.cr.precommit.data.get("kavi.bill.states", {})
        for id_ in self.ids:
            known.pop(id_, None)

    def _message_track(self, fields_iter, initial_values_dict):
        """What is edited is an activity, too, unless it is part of an act."""
        tracking = super()._message_track(fields_iter, initial_values_dict)
        acted = self.env["kavi.activity"]._get_acted_ids()
        edited = {
            self.browse(id_): self._get_field_labels(set(changes) & EDITABLE)
            for id_, (changes, _values) in tracking.items()
            if id_ not in acted and set(changes) & EDITABLE
        }
        if edited:
            self.env["kavi.activity"]._record("edit", edited, "bill_id")
        return tracking

    def _call_back(self, callback, event):
        """Run another application's callback; its failure undoes nothing.

        The billing administrators get an activity that says so.
        """
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
