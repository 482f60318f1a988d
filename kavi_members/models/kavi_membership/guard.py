from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.member_rules import ACTS, FLAGS, allowed_acts, refusal
from ...tools.state import ENDED


class KaviMembership(models.Model):
    """What may be done with a membership: the table of acts, asked on every path."""

    _inherit = "kavi.membership"

    allowed_acts = fields.Json(compute="_compute_allowed_acts")

    # === COMPUTE METHODS === #

    @api.depends(
        "state", "suspended", "is_missed", "billing", "date_end", "next_ids.state"
    )
    def _compute_allowed_acts(self):
        table = self._get_acts()
        flags = self._get_flags()
        for one in self:
            one.allowed_acts = allowed_acts(one.state, flags[one], table)

    # === CRUD METHODS === #

    def write(self, vals):
        if not self._is_act() and not self.env.su:
            if self._get_written_fields(vals):
                self._check_act("edit")
            if "payer_id" in vals and self.filtered("bill_count"):
                raise UserError(
                    self.env._(
                        "The bill is raised: whom it is for is no longer changed here."
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._check_role("administrator")
        # sudo: bills that the user does not see count, too
        for one in self.sudo():
            if one.kavi_bill_ids:
                raise UserError(
                    self.env._(
                        "%s has a bill, so it stays: use “Delete” on it, which hides "
                        "it and cancels the bill if you say so.",
                        one.display_name,
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _get_acts(self):
        """Hook: the table of what may be done with memberships.

        :return: dict like ``member_rules.ACTS``
        """
        return ACTS

    def _get_flags(self):
        """What else the table asks about.

        :return: ``{membership: set of keys of member_rules.FLAGS}``
        """
        flags = {}
        for one in self.sudo():  # of bills and successors no more than that is told
            fact = {
                "suspended": one.suspended,
                "missed": one.is_missed,
                "unbilled": one.billing in ("owed", "lost") and not one.bill_id,
                "paid": bool(one.bill_id)
                and not one.currency_id.is_zero(one.bill_id.amount_paid),
                "renewed": bool(one._get_successor()),
                "lifetime": bool(one.date_start and not one.date_end),
            }
            flags[self.browse(one.id)] = {name for name, is_on in fact.items() if is_on}
        return flags

    def _get_successor(self):
        """The membership that follows this one, if one does or is about to."""
        self.ensure_one()
        return self.next_ids.filtered(
            lambda following: following.state not in ("denied", "canceled")
        )

    def _check_act(self, act):
        """Refuse ``act`` unless the table allows it on each of these memberships.

        :param str act: a key of :meth:`_get_acts`
        :raise AccessError: when the user's role may not do it
        :raise UserError: with the reason, for the first that refuses
        """
        role = self._get_acts()[act].role
        # the page of an application asks for its token first, and comes with sudo
        self._check_role("officer" if role == "applicant" else role)
        flags = self._get_flags()
        for one in self:
            reason = one._get_refusal(act, flags[one])
            if reason:
                raise UserError(reason)

    def _lock_for_act(self, act):
        """Lock the rows, and check ``act`` on what they are then: of two who press a
        button at once the second reads what the first has done.

        :raise UserError: when the act is refused
        """
        self.check_access("write")
        self._wait_for_rows()
        self._advance()  # what the day has moved, and no walk has seen
        self._check_act(act)

    def _get_refusal(self, act, flags=None):
        """Why ``act`` is refused on this membership; "" when it is allowed."""
        self.ensure_one()
        flags = self._get_flags()[self] if flags is None else flags
        found = refusal(act, self.state, flags, self._get_acts())
        if not found:
            return ""
        reason, detail = found
        label = self._get_act_labels()[act]
        if reason == "state":
            return self._get_state_refusal(act, label)
        values = {
            "act": label,
            "member": self.display_name,
            "flag": self._get_flag_labels()[detail],
        }
        if reason == "flag":
            return self.env._(
                "%(act)s: not while %(member)s is marked “%(flag)s”.", **values
            )
        return self.env._("%(act)s: %(member)s is not marked “%(flag)s”.", **values)

    def _get_state_refusal(self, act, label):
        """The sentence for an act that the state refuses: it says who was faster."""
        labels = dict(self._fields["state"]._description_selection(self.env))
        if act in ("approve", "deny") and self.moderated_at:
            return self.env._(
                "%(user)s decided on %(member)s on %(day)s: it is now %(state)s.",
                member=self.display_name,
                user=self.moderated_by.sudo().name or self.env._("the system"),
                day=fields.Date.to_string(self.moderated_at),
                state=labels[self.state],
            )
        if self.state in ENDED:
            return self.env._(
                "%(act)s: %(member)s is %(state)s, and that is over.",
                act=label,
                member=self.display_name,
                state=labels[self.state],
            )
        return self.env._(
            "%(act)s: not while %(member)s is %(state)s.",
            act=label,
            member=self.display_name,
            state=labels[self.state],
        )

    @api.model
    def _get_act_labels(self):
        """Names of the acts in the user's language; the table has them in English."""
        return {
            **{name: act.label for name, act in self._get_acts().items()},
            "approve": self.env._("Approve"),
            "deny": self.env._("Deny"),
            "expedite": self.env._("Pass the Step"),
            "raise_bill": self.env._("Raise a Bill"),
            "withdraw": self.env._("Withdraw"),
            "next_term": self.env._("Move to the Next Term"),
            "edit_dates": self.env._("Edit the Dates"),
            "suspend": self.env._("Put on Hold"),
            "resume": self.env._("Resume"),
            "renew": self.env._("Renew"),
            "replace": self.env._("Replace"),
            "end": self.env._("End Now"),
            "delete": self.env._("Delete"),
            "edit": self.env._("Edit"),
            "note": self.env._("Add a Note"),
        }

    @api.model
    def _get_flag_labels(self):
        return {
            **FLAGS,
            "suspended": self.env._("Suspended"),
            "missed": self.env._("Term Missed"),
            "unbilled": self.env._("No Bill"),
            "paid": self.env._("Paid"),
            "renewed": self.env._("Renewed"),
            "lifetime": self.env._("For Life"),
        }

    # === HISTORY === #

    def _log_history(self, event, details="", day=None, **vals):
        """Write down what became of these memberships; nobody changes it after.

        :param str event: a key of ``EVENTS`` of ``kavi.membership.history``
        :param details: text for all, or ``{membership: text}``
        :param datetime.date day: on which it came true; default today
        """
        texts = details if isinstance(details, dict) else dict.fromkeys(self, details)
        # sudo: whoever may act leaves a trace, which nobody may write by hand
        self.env["kavi.membership.history"].sudo().create(
            [
                {
                    "membership_id": one.id,
                    "date": day or one.company_id._billing_today(),
                    "event": event,
                    "user_id": self.env.uid,
                    "login": self.env.user.login,
                    "details": (texts.get(one) or "").strip(),
                    **vals,
                }
                for one in self
            ]
        )

    def _add_note(self, text):
        """Keep a note that only staff reads (KM-58)."""
        self._check_act("note")
        self._log_history("note", text)

    def _take_back_alert(self, summary):
        """What the officers were told is true no more."""
        alerts = self.sudo().activity_ids  # theirs, made by the system
        alerts.filtered(lambda one: one.summary == summary).unlink()

    def _alert_officers(self, summary, note):
        """Give the officers of the company one activity each on these memberships."""
        group = self.env.ref("kavi_members.group_members_officer").sudo()
        for one in self.sudo():
            told = one.activity_ids.filtered(lambda act: act.summary == summary)
            officers = group.all_user_ids.filtered_domain(
                Domain("share", "=", False)
                & Domain("company_ids", "in", one.company_id.ids)
            )
            for user in officers - told.user_id:
                one.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=summary,
                    note=note,
                    user_id=user.id,
                )
