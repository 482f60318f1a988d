from collections import defaultdict

from odoo import fields, models

from ...tools.state import RUNNING, Facts, get_path, get_step, is_missed


class KaviMembership(models.Model):
    """The one way in which a membership moves: pure function, row lock, true dates.

    It may be called at any time, any number of times: it does what is to be done, and
    nothing twice (KM-26).
    """

    _inherit = "kavi.membership"

    # === BUSINESS METHODS === #

    def _advance(self, today=None):
        """Pass the steps that are done, and move these memberships to the state that
        follows from their facts.

        :param datetime.date today: default the company's own day
        :return: ``{membership: [(day, from, to)]}`` of those that have moved
        """
        # sudo: whoever may do what led here was asked; what follows is not theirs
        memberships = self._for_books()
        memberships._wait_for_rows()
        moves = {}
        for company, batch in memberships.grouped("company_id").items():
            day = today or company._billing_today()
            batch = batch.with_company(company)
            batch._pass_steps(day)
            moves.update(batch._move(day))
        return {self.browse(one.id): path for one, path in moves.items()}

    def _get_facts(self):
        """What the state of a membership follows from.

        :rtype: kavi_members.tools.state.Facts
        """
        self.ensure_one()
        return Facts(
            moderation=self.moderation,
            billing=self.billing,
            order=self.order,
            ready=self.date_ready or None,
            start=self.date_start or None,
            end=self.date_end or None,
            grace=self.date_grace or None,
            activated=self.date_activated or None,
            ended=self.date_ended or None,
        )

    # === HELPER METHODS === #

    def _pass_steps(self, today):
        """Raise the bills that are to be raised, and fix the terms of those that wait
        for nothing any more."""
        waiting = self.filtered(
            lambda one: (
                not one.date_ready and not one.date_ended and one.moderation != "denied"
            )
        )
        waiting.filtered(
            lambda one: (
                one.billing == "owed" and get_step(one._get_facts()) == "pending_bill"
            )
        )._bill(today)
        # not what a bill that was paid at once has moved on already
        ready = waiting.filtered(
            lambda one: not one.date_ready and not get_step(one._get_facts())
        )
        ready._fix_terms(today)
        ready._accept()

    def _move(self, today):
        """Write the states, with all that was passed on the way.

        :return: ``{membership: [(day, from, to)]}``
        """
        moves = {}
        for one in self:
            facts = one._get_facts()
            vals = {"is_missed": is_missed(facts)} if is_missed(facts) else {}
            path = get_path(one.state or None, one.state_date or None, facts, today)
            if path:
                day, __, state = path[-1]
                vals.update(state=state, state_date=day)
                activated = [day for day, __, to in path if to == "current"]
                if activated and not one.date_activated:
                    vals["date_activated"] = activated[0]
                if state == "archived" and not one.end_reason:
                    vals["end_reason"] = "lapsed"
                if state in RUNNING and one.end_reason == "lapsed":
                    vals["end_reason"] = False
                moves[one] = path
            if one.is_missed and not is_missed(facts):
                vals["is_missed"] = False
            if vals:
                newly_missed = vals.get("is_missed") and not one.is_missed
                one._write_facts(vals)
                if newly_missed:
                    one._tell_missed()
        if moves:
            self.browse().concat(*moves)._log_moves(moves)
            self._follow_moves(moves)
        self._suspend_due(today)
        return moves

    def _log_moves(self, moves):
        by_day = defaultdict(self.browse)
        for one, path in moves.items():
            for step in path:
                by_day[step] += one
        for (day, before, after), batch in sorted(
            by_day.items(), key=lambda item: item[0][0]
        ):
            batch._log_history("state", day=day, old_state=before, new_state=after)

    def _follow_moves(self, moves):
        """Hook: what hangs on a change of state, in its transaction. Each change is
        given once; what is done here is harmless when it is done again.

        :param dict moves: ``{membership: [(day, from, to)]}``
        """
        entered = defaultdict(self.browse)
        for one, path in moves.items():
            for __, __, state in path:
                entered[state] |= one
        entered["current"]._assign_numbers()
        entered["current"]._end_predecessors()
        self.browse().concat(*moves)._update_members()
        self.browse().concat(*moves)._close_applications()
        entered["current"]._welcome()

    def _tell_missed(self):
        self._alert_officers(
            self.env._("The term is over before it began"),
            self.env._(
                "The last step was passed only after the last day of the term. Move it "
                "to the next term, or end it and give the money back."
            ),
        )

    def _suspend_due(self, today):
        """Suspend those whose bill was open again for as long as their type allows."""
        due = self.filtered(
            lambda one: one.suspend_on and one.suspend_on <= today and not one.suspended
        )
        if due:
            due._write_facts({"suspended": True, "suspended_reason": "bill"})
            due._log_history("suspended", self.env._("Its bill is open again."))
            due._update_members()

    def _assign_numbers(self):
        """A member gets a number when they become one; the series keeps it."""
        for one in self.filtered(lambda one: not one.member_number):
            known = one.series_id.member_number or one.previous_id.member_number
            if not known and one.type_id.number_sequence_id:
                known = one.type_id.number_sequence_id.next_by_id()
            if known:
                (one | one.series_id)._write_facts({"member_number": known})

    def _end_predecessors(self):
        """What was replaced ends the day before; what was renewed has no grace now that
        its successor is current."""
        for one in self.filtered("previous_id"):
            old = one.previous_id
            before = fields.Date.subtract(one.date_start, days=1)
            if one.occasion == "replace":
                if old.state not in RUNNING or old.date_ended:
                    continue
                vals = {"date_ended": one.date_start, "end_reason": "replaced"}
                if not old.date_end or old.date_end > before:
                    vals["date_end"] = max(before, old.date_start)
                    old._log_history(
                        "dates",
                        self.env._(
                            "Replaced by %(type)s; it would have ended on %(end)s.",
                            type=one.type_id.name,
                            end=old.date_end or self.env._("no day"),
                        ),
                    )
                old._write_facts(vals)
            elif old.date_grace and old.date_end and old.date_grace > before:
                old._write_facts({"date_grace": max(before, old.date_end)})
            else:
                continue
            old._advance()
