from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.term import NoTerm, Term, get_period, on_day


class KaviMembershipType(models.Model):
    """How long memberships of a type are (KM-12)."""

    _inherit = "kavi.membership.type"

    term = fields.Selection(
        [
            ("rolling", "So long from its start"),
            ("fixed", "To a common end"),
            ("lifetime", "For life"),
        ],
        required=True,
        default="rolling",
    )
    term_number = fields.Integer(string="Length", default=1)
    term_unit = fields.Selection(
        [
            ("days", "Days"),
            ("weeks", "Weeks"),
            ("months", "Months"),
            ("years", "Years"),
        ],
        string="Unit",
        required=True,
        default="years",
    )
    round_to = fields.Selection(
        [
            ("none", "To the day"),
            ("end", "On to the end of the month"),
            ("start", "From the first day of the month"),
        ],
        string="Counted",
        required=True,
        default="none",
    )
    fixed_day = fields.Integer(string="Starts On Day", default=1)
    fixed_month = fields.Selection(
        [(str(number), str(number)) for number in range(1, 13)],
        string="Month",
        required=True,
        default="1",
    )
    term_years = fields.Integer(string="Years", default=1)
    fixed_term_ids = fields.One2many(
        "kavi.membership.fixed.term",
        "type_id",
        string="Common Terms",
        copy=True,
        help="Instead of plain years: the first and last day of each.",
    )
    rollover_days = fields.Integer(
        help="Who joins so many days before the common end at most is a member until "
        "the next one."
    )

    _term_fits = models.Constraint(
        "CHECK(term_number BETWEEN 1 AND 36500 AND term_years BETWEEN 1 AND 100"
        " AND fixed_day BETWEEN 1 AND 31 AND rollover_days BETWEEN 0 AND 3660)",
        "A term is a day to a hundred years long; a common one starts on a day from "
        "1 to 31.",
    )

    @api.constrains("term", "term_number", "term_unit", "round_to")
    def _check_term(self):
        for one in self.filtered(lambda one: one.term == "rolling"):
            if one.round_to != "none" and one.term_unit in ("days", "weeks"):
                raise ValidationError(
                    self.env._(
                        "%s is counted in days or weeks: it is not rounded to months.",
                        one.name,
                    )
                )
            if one.term_number > {"months": 1200, "years": 100}.get(
                one.term_unit, 36500 // (7 if one.term_unit == "weeks" else 1)
            ):
                raise ValidationError(
                    self.env._("A term of %s is a hundred years at most.", one.name)
                )

    # === BUSINESS METHODS === #

    def _get_term(self):
        """What the calculator has to know of the type.

        :rtype: kavi_members.tools.term.Term
        """
        self.ensure_one()
        return Term(
            mode=self.term,
            number=self.term_number,
            unit=self.term_unit,
            round_to=self.round_to,
            day=self.fixed_day,
            month=int(self.fixed_month),
            years=self.term_years,
            rows=tuple(
                (row.date_from, row.date_to) for row in self.sudo().fixed_term_ids
            ),
            rollover=self.rollover_days,
        )

    def _get_period(self, start, anchor=None):
        """The term of who starts on a day.

        :rtype: kavi_members.tools.term.Period
        :raise UserError: when no common term is set for that day
        """
        self.ensure_one()
        try:
            return get_period(self._get_term(), start, anchor)
        except NoTerm:
            raise UserError(
                self.env._(
                    "%(type)s has no common term on %(day)s or later: an administrator "
                    "adds one to the type.",
                    type=self.name,
                    day=start,
                )
            ) from None

    def _get_term_text(self):
        """How long it is, in words."""
        self.ensure_one()
        if self.term == "lifetime":
            return self.env._("for life")
        if self.term == "rolling":
            units = dict(self._fields["term_unit"]._description_selection(self.env))
            if self.term_number == 1:
                return {
                    "days": self.env._("1 day"),
                    "weeks": self.env._("1 week"),
                    "months": self.env._("1 month"),
                    "years": self.env._("1 year"),
                }[self.term_unit]
            return f"{self.term_number} {units[self.term_unit].lower()}"
        if self.fixed_term_ids:
            return self.env._("to the end of the common term")
        return self.env._(
            "%(years)s years from %(day)s.%(month)s.",
            years=self.term_years,
            day=on_day(2024, int(self.fixed_month), self.fixed_day).day,
            month=self.fixed_month,
        )
