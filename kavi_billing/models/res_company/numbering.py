import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...tools.bill_id import (
    DEFAULT_TEMPLATE,
    CounterError,
    UnknownVariableError,
    split_template,
)
from ...tools.context import bookkeeping_context

# Of a counter that is moved by Bill IDs from elsewhere; more is no counter.
MAX_DIGITS = 9
_PARTS = {"%(year)s": r"\d{4}", "%(month)s": r"\d{2}", "%(day)s": r"\d{2}"}


def _as_pattern(text):
    """A regular expression of what a prefix or suffix of a sequence can be."""
    parts = re.split(r"(%\((?:year|month|day)\)s)", text or "")
    return "".join(_PARTS.get(part) or re.escape(part) for part in parts)


class ResCompany(models.Model):
    """How a company numbers its bills and credits (KB-13, KB-71).

    A template has one counter in a company, whoever uses it: two kinds with the same
    template, or a kind with the company's own, count together and so never give the
    same ID. Counters stay when a template is dropped, and go on when it comes back.
    """

    _inherit = "res.company"

    billing_id_template = fields.Char(
        string="Bill ID Template",
        default=DEFAULT_TEMPLATE,
        help="How Bill IDs are made: $counter (always) and, if wanted, "
        "$year, $month and $day. Example: $year-$counter",
    )
    billing_sequence_id = fields.Many2one(
        "ir.sequence",
        string="Bill ID Sequence",
        readonly=True,
        copy=False,
        ondelete="restrict",
    )
    billing_credit_sequence_id = fields.Many2one(
        "ir.sequence", string="Credit Sequence", readonly=True, copy=False
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("billing_id_template")
    def _check_billing_id_template(self):
        for company in self:
            company._split_bill_id_template(company.billing_id_template)

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "billing_id_template" in vals:
            self._sync_billing_sequence()
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _split_bill_id_template(self, template):
        """Split a Bill ID template at its counter.

        :return: (prefix, suffix) in the notation of ``ir.sequence``
        :raise ValidationError: with an example, when there is not exactly one
            $counter, or when a variable is unknown
        """
        try:
            return split_template(template)
        except CounterError as error:
            raise ValidationError(
                self.env._(
                    "A Bill ID template holds $counter exactly once, or two bills "
                    "could get the same ID. Example: $year-$counter"
                )
            ) from error
        except UnknownVariableError as error:
            raise ValidationError(
                self.env._(
                    "The Bill ID template knows $year, $month, $day and $counter, "
                    "but not %(unknown)s. Example: $month-$day-$year_$counter",
                    unknown=error,
                )
            ) from error

    def _get_bill_id_sequence(self, template):
        """The counter of a template in this company; made when it is first asked for.

        :return: ``ir.sequence`` with superuser rights
        """
        self.ensure_one()
        prefix, suffix = self._split_bill_id_template(template)
        # sudo: whoever may issue a bill may have it numbered
        context = bookkeeping_context(self.env.context)
        company = self.with_env(self.env(su=True, context=context))
        own = company.billing_sequence_id
        if own and (own.prefix or "", own.suffix or "") == (prefix, suffix):
            return own
        Sequence = own.browse()
        sequence = Sequence.search(
            [
                ("code", "=", "kavi.bill"),
                ("company_id", "=", self.id),
                ("prefix", "=", prefix or False),
                ("suffix", "=", suffix or False),
            ],
            order="id",
            limit=1,
        )
        return sequence or Sequence.create(
            {
                "name": self.env._(
                    "Bill IDs of %(company)s: %(template)s",
                    company=self.name,
                    template=template.strip(),
                ),
                "code": "kavi.bill",
                "company_id": self.id,
                "implementation": "standard",
                "prefix": prefix,
                "suffix": suffix,
                "padding": 5,
            }
        )

    def _next_bill_ids(self, dates, template=None):
        """Draw Bill IDs. Numbers are never given twice; a rollback leaves a gap.

        :param list dates: the issue date of each bill
        :param str template: a bill kind's own; default the company's
        :return: list of str, one for each date
        :raise UserError: when the company has no sequence
        """
        self.ensure_one()
        if template:
            sequence = self._get_bill_id_sequence(template)
        else:
            sequence = self.sudo().billing_sequence_id  # the guard was asked before
        if not sequence:
            raise UserError(
                self.env._(
                    "%s has no Bill ID sequence. An administrator can set the Bill ID "
                    "template under Billing → Configuration → Settings.",
                    self.name,
                )
            )
        dated = [sequence.with_context(ir_sequence_date=date) for date in dates]
        if sequence.implementation != "standard" or sequence.use_date_range:
            # somebody set it up otherwise: then Odoo draws them, one by one
            return [
                one.next_by_id(sequence_date=date)
                for one, date in zip(dated, dates, strict=True)
            ]
        numbers = self.env.execute_query(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"ir_sequence_{sequence.id:03d}",
                len(dates),
            )
        )
        return [
            one.get_next_char(number)
            for one, (number,) in zip(dated, numbers, strict=True)
        ]

    def _next_credit_names(self, dates):
        """Draw numbers for credits. None is given twice; a rollback leaves a gap.

        :param list dates: the date of each credit
        :return: list of str, one for each date
        """
        self.ensure_one()
        self._prepare_credit_sequences()
        sequence = self.sudo().billing_credit_sequence_id  # the guard was asked before
        return [
            sequence.with_context(ir_sequence_date=date).next_by_id(sequence_date=date)
            for date in dates
        ]

    def _skip_bill_ids(self, names):
        """Let the counters go on after these Bill IDs, which come from elsewhere.

        Each template counts on from the highest of those that it could have made. A
        number that nobody counts to moves no counter: it is passed over when its turn
        comes.

        :param list names: Bill IDs, or False
        """
        self.ensure_one()
        # sudo: whoever imports bills need not see sequences
        sequences = (
            self.env["ir.sequence"]
            .sudo()
            .search(
                [
                    ("code", "=", "kavi.bill"),
                    ("company_id", "=", self.id),
                    ("implementation", "=", "standard"),
                    ("use_date_range", "=", False),
                ]
            )
        )
        for sequence in sequences:
            pattern = re.compile(
                "".join(
                    (
                        _as_pattern(sequence.prefix),
                        rf"(\d{{1,{MAX_DIGITS}}})",
                        _as_pattern(sequence.suffix),
                    )
                )
            )
            found = (pattern.fullmatch(name) for name in names if name)
            last = max((int(match[1]) for match in found if match), default=0)
            if last >= sequence.number_next_actual:
                # at once for everybody, as drawing a number is, and also if what is
                # imported is taken back
                self.env.cr.execute(
                    SQL("SELECT setval(%s, %s)", f"ir_sequence_{sequence.id:03d}", last)
                )
                sequence.invalidate_recordset(["number_next_actual"])

    # === HELPER METHODS === #

    def _sync_billing_sequence(self):
        """Let companies count by their template; no number comes back."""
        for company in self.sudo():
            before = company.billing_sequence_id
            after = company._get_bill_id_sequence(company.billing_id_template)
            if before and after != before:
                # Odoo does not know when they change
                (before | after).invalidate_recordset(["number_next_actual"])
                after.number_next_actual = max(
                    before.number_next_actual, after.number_next_actual
                )
            company.billing_sequence_id = after

    def _prepare_credit_sequences(self):
        """Give companies a counter of credits."""
        context = bookkeeping_context(self.env.context)
        for company in self.with_env(self.env(su=True, context=context)):
            if not company.billing_credit_sequence_id:
                company.billing_credit_sequence_id = company.env["ir.sequence"].create(
                    {
                        "name": self.env._("Credits of %s", company.name),
                        "code": "kavi.credit",
                        "company_id": company.id,
                        "implementation": "standard",
                        "prefix": "CR-%(year)s-",
                        "padding": 5,
                    }
                )
