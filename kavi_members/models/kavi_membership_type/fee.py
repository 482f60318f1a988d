from datetime import date
from decimal import Decimal

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...tools.term import Proration, get_share, prorate


class KaviMembershipType(models.Model):
    """What memberships of a type cost (KM-14, KM-15)."""

    _inherit = "kavi.membership.type"

    fee_ids = fields.One2many(
        "kavi.membership.fee", "type_id", string="Fees", copy=True
    )
    setup_fee = fields.Monetary(
        help="Of new memberships, beside the fee; it is never prorated."
    )
    late_fee = fields.Monetary(help="Of renewals that come late.")
    late_fee_after_days = fields.Integer(
        string="Late After", help="Days after the end."
    )
    proration = fields.Selection(
        [
            ("none", "The whole fee"),
            ("month", "By month"),
            ("quarter", "By quarter"),
            ("day", "By day"),
        ],
        string="Of a Part of the Term",
        required=True,
        default="none",
    )
    proration_cutoff_day = fields.Integer(
        string="Cut-Off Day",
        help="Who joins after this day of a month or quarter does not pay for it. 0: "
        "they do.",
    )
    proration_minimum = fields.Monetary(string="Least Fee")
    proration_rounding = fields.Monetary(
        string="Rounded To", help="E.g. 5.00. 0: to the cent."
    )
    billing_gate = fields.Selection(
        [("paid", "Paid in full"), ("issued", "Issued (on credit)")],
        string="Goes On When the Bill Is",
        required=True,
        default="paid",
    )
    kind_id = fields.Many2one(
        "kavi.bill.kind",
        string="Bill Kind",
        check_company=True,
        help="Numbers, terms and income account of the bills: a current liability, "
        "where the fee is earned over time.",
    )
    preview = fields.Html(compute="_compute_preview", sanitize=False)

    _fees_fit = models.Constraint(
        "CHECK(setup_fee >= 0 AND late_fee >= 0 AND proration_minimum >= 0"
        " AND proration_rounding >= 0 AND late_fee_after_days >= 0"
        " AND proration_cutoff_day BETWEEN 0 AND 92)",
        "Fees are zero or more; the cut-off day is one of a month or quarter.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "term",
        "term_number",
        "term_unit",
        "round_to",
        "fixed_day",
        "fixed_month",
        "term_years",
        "fixed_term_ids.date_from",
        "fixed_term_ids.date_to",
        "rollover_days",
        "fee_ids.amount",
        "fee_ids.occasion",
        "fee_ids.date_from",
        "fee_ids.date_to",
        "setup_fee",
        "proration",
        "proration_cutoff_day",
        "proration_minimum",
        "proration_rounding",
        "company_id",
    )
    @api.depends_context("lang")
    def _compute_preview(self):
        """Who joins on which day pays what, and is a member until when."""
        cells = Markup("<tr><td>{}</td><td class='text-end'>{}</td><td>{}</td></tr>")
        for one in self:
            today = (one.company_id or self.env.company)._billing_today()
            days = [today, *(fields.Date.add(today, months=n) for n in (1, 3, 6, 11))]
            rows = [cells.format(*one._get_preview_row(day)) for day in days]
            one.preview = Markup(
                "<table class='table table-sm'><thead>{}</thead>"
                "<tbody>{}</tbody></table>"
            ).format(
                cells.format(
                    self.env._("Who joins on"), self.env._("pays"), self.env._("until")
                ),
                Markup().join(rows),
            )

    # === BUSINESS METHODS === #

    def _get_fee(self, occasion, day):
        """The row of fees that counts on a day: the newest that is valid. A renewal or
        replacement that has none of its own costs what a new membership does.

        :return: ``kavi.membership.fee``, or none: nothing is to be paid
        """
        self.ensure_one()
        # sudo: fees are read for who applies
        valid = self.sudo().fee_ids.filtered(
            lambda fee: (
                (not fee.date_from or fee.date_from <= day)
                and (not fee.date_to or fee.date_to >= day)
            )
        )
        for wanted in dict.fromkeys((occasion, "new")):
            found = valid.filtered(lambda fee, wanted=wanted: fee.occasion == wanted)
            if found or wanted == "seat":
                return found.sorted(lambda fee: (fee.date_from or date.min, fee.id))[
                    -1:
                ]
        return self.env["kavi.membership.fee"]

    def _get_new_price(self, day):
        """What a new membership costs that begins on a day, and its term.

        :return: ``(amount, kavi_members.tools.term.Period)``
        :raise UserError: when no term begins then
        """
        self.ensure_one()
        period = self._get_period(day)
        fee = self._prorate(self._get_fee("new", day).amount, period)
        return fee + self.setup_fee, period

    def _get_preview_row(self, day):
        self.ensure_one()
        try:
            total, period = self._get_new_price(day)
        except UserError as error:
            return format_date(self.env, day), "", str(error)
        currency = self.company_id.currency_id or self.env.company.currency_id
        end = (
            format_date(self.env, period.end) if period.end else self.env._("for life")
        )
        return format_date(self.env, day), currency.format(total), end

    def _prorate(self, fee, period):
        """What a fee comes to for a period of the term.

        :param float fee: of the whole term
        :param kavi_members.tools.term.Period period: the part
        :rtype: float
        """
        self.ensure_one()
        currency = self.company_id.currency_id or self.env.company.currency_id
        if self.term != "fixed" or self.proration == "none":
            return currency.round(fee)
        share = get_share(Proration(self.proration, self.proration_cutoff_day), period)
        amount = prorate(
            Decimal(str(fee)),
            share,
            currency.decimal_places,
            Decimal(str(self.proration_rounding)),
            Decimal(str(self.proration_minimum)),
        )
        return currency.round(float(amount))
