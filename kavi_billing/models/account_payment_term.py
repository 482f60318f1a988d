from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_compare

from ..tools.instalments import COLLECTIONS, split

_COLLECTION = {
    "selection": list(COLLECTIONS.items()),
    "default": "spread",
    "required": True,
}


class AccountPaymentTerm(models.Model):
    """What bills ask of terms beyond what invoices do (BB-01 ... BB-03).

    Invoices that are not a bill's are due as Odoo has it.
    """

    _inherit = "account.payment.term"

    billing_method_ids = fields.Many2many(
        "kavi.payment.method",
        string="Allowed Payment Methods",
        groups="kavi_billing.group_billing_user",
        help="How bills with these terms may be paid. Empty, or none of the bill's "
        "company: by any method.",
    )
    goods_collection = fields.Selection(
        **_COLLECTION,
        string="Goods and Services",
        help="When goods and services are collected, on bills with instalments.",
    )
    shipping_collection = fields.Selection(**_COLLECTION, string="Shipping")
    fee_collection = fields.Selection(**_COLLECTION, string="Fees")
    has_instalments = fields.Boolean(compute="_compute_has_instalments")
    shares_discount = fields.Boolean(
        compute="_compute_has_instalments",
        help="An early-payment discount on instalments: for bills only, and only for "
        "whoever pays the whole bill within the days.",
    )

    # === COMPUTE METHODS === #

    @api.depends("line_ids", "early_discount")
    def _compute_has_instalments(self):
        for term in self:
            term.has_instalments = len(term.line_ids) > 1
            term.shares_discount = term.has_instalments and term.early_discount

    # === CONSTRAINT METHODS === #

    @api.constrains("line_ids", "early_discount")
    def _check_lines(self):
        """Odoo has early discounts on terms of one line only. With instalments, a bill
        has them too: whoever pays all of it within the days (BB-04 with BB-01)."""
        shared = self.filtered("shares_discount")
        result = super(AccountPaymentTerm, self - shared)._check_lines()
        for term in shared:
            percents = term.line_ids.filtered(lambda line: line.value == "percent")
            if float_compare(sum(percents.mapped("value_amount")), 100, 6):
                raise ValidationError(
                    self.env._(
                        "%s: the percentages of the lines sum to 100, and there is at "
                        "least one.",
                        term.name,
                    )
                )
            if not 0 < term.discount_percentage < 100 or term.discount_days <= 0:
                raise ValidationError(
                    self.env._(
                        "%s: enter how many percent are let off, and within how many "
                        "days.",
                        term.name,
                    )
                )
        return result

    @api.constrains("billing_method_ids", "company_id")
    def _check_billing_methods(self):
        # sudo: whoever moves a term to another company need not see the methods
        for term in self.sudo():
            company = term.company_id
            if not company:
                continue
            methods = term.with_context(active_test=False).billing_method_ids
            for method in methods:
                if company not in method.company_id.parent_ids:
                    raise ValidationError(
                        self.env._(
                            "%(method)s is a payment method of %(other)s; the terms "
                            "%(terms)s belong to %(company)s.",
                            method=method.name,
                            other=method.company_id.name,
                            terms=term.name,
                            company=company.name,
                        )
                    )

    @api.constrains("line_ids")
    def _check_deposit(self):
        for term in self:
            lines = term.line_ids
            deposits = lines.filtered("is_deposit")
            if not deposits:
                continue
            rest = lines - deposits
            if not rest or not any(rest.mapped("value_amount")):
                raise ValidationError(
                    self.env._(
                        "%s: nothing remains after the deposit. Add a line for the "
                        "rest, or don't call it a deposit.",
                        term.name,
                    )
                )
            if lines[: len(deposits)] != deposits:
                raise ValidationError(
                    self.env._(
                        "%s: a deposit comes before the rest. Put its line first.",
                        term.name,
                    )
                )
            if not all(deposits.mapped("value_amount")):
                raise ValidationError(
                    self.env._(
                        "%s: a deposit of nothing is none. Enter how much it is.",
                        term.name,
                    )
                )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        # sudo: bills of companies that the user does not see count, too
        Bill = self.env["kavi.bill"].sudo()
        for (term,) in Bill._read_group(
            [("payment_term_id", "in", self.ids)], ["payment_term_id"], limit=1
        ):
            raise UserError(
                self.env._(
                    "Bills have the terms %s: archive them instead of deleting them, "
                    "and they are no longer offered.",
                    term.name,
                )
            )

    # === BUSINESS METHODS === #

    def _get_instalments(self, date, total, charges, currency):
        """What is due when, on a bill with these terms.

        :param datetime.date date: from which the terms count
        :param float total: taxes included
        :param dict charges: how much of it each kind of charge asks, taxes included
        :param currency: of the amounts
        :return: list of dicts in the order of days, one a day: ``due_date``,
            ``amount`` (float; all of them sum to ``total``) and ``is_deposit``
        """
        self.ensure_one()
        collected = {}
        for kind, amount in charges.items():
            when = self[f"{kind}_collection"]
            collected[when] = collected.get(when, 0.0) + amount
        balance = self.line_ids[-1:]  # as in Odoo, whatever the line says
        by_day = self.line_ids.sorted(lambda line: line._get_due_date(date))
        amounts = split(
            currency.round(total),
            collected,
            [
                ("balance", None)
                if line == balance
                else (line.value, line.value_amount)
                for line in by_day
            ],
            currency.rounding,
        )
        days = {}
        for line, amount in zip(by_day, amounts, strict=True):
            days.setdefault(line._get_due_date(date), []).append((line, amount))
        return [
            {
                "due_date": day,
                "amount": float(sum(amount for _line, amount in parts)),
                "is_deposit": all(line.is_deposit for line, _amount in parts),
            }
            for day, parts in days.items()
        ]
