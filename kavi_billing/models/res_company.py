import re
from datetime import datetime

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# The original's template variables (KB-13) and what Odoo's sequences call them.
TEMPLATE_VARIABLES = {
    "$year": "%(year)s",
    "$month": "%(month)s",
    "$day": "%(day)s",
}
DEFAULT_TEMPLATE = "$year-$counter"


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_payment_term_id = fields.Many2one(
        "account.payment.term",
        string="Default Bill Term",
        check_company=True,
        help="Sets the due date of a new bill; the bill may choose another.",
    )
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
    billing_account_creation = fields.Selection(
        [
            ("none", "Nobody: by hand, or when first billed"),
            ("company", "Companies"),
            ("person", "Persons"),
            ("both", "Companies and persons"),
        ],
        string="Open Accounts For New Contacts",
        default="none",
        required=True,
    )
    billing_collect_invoice_number = fields.Boolean(string="Collect Invoice Number")
    billing_collect_purchase_order = fields.Boolean(
        string="Collect Purchase Order Number", default=True
    )

    billing_email_from = fields.Char(
        string="Administrative Email",
        help="The sender of billing mail. Empty: the company's own address.",
    )
    billing_email_copy = fields.Char(
        string="Administrative Copy Email",
        help="Gets a copy of every mail that billing sends.",
    )

    billing_allow_part_payment = fields.Boolean(
        string="Allow Part Payments", default=True
    )
    billing_write_off_limit = fields.Monetary(
        string="Write-Off Limit",
        help="How small a rest must be to be written off with a payment.",
    )
    billing_write_off_account_id = fields.Many2one(
        "account.account", string="Write-Off Account", check_company=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        # a company's own contact is nobody whom it bills
        companies = super(
            ResCompany, self.with_context(kavi_no_billing_account=True)
        ).create(vals_list)
        companies = companies.with_env(self.env)
        companies._prepare_billing()
        return companies

    def write(self, vals):
        result = super().write(vals)
        if "billing_id_template" in vals:
            self.filtered(lambda c: not c.billing_sequence_id)._prepare_billing()
            self._sync_billing_sequence()
        return result

    @api.constrains("billing_id_template")
    def _check_billing_id_template(self):
        for company in self:
            company._split_billing_template()

    def _split_billing_template(self):
        """Split the Bill ID template at its counter (KB-13).

        :return: (prefix, suffix) in the notation of ``ir.sequence``
        :raise ValidationError: when there is not exactly one $counter, or when a
            variable is unknown
        """
        self.ensure_one()
        template = (self.billing_id_template or "").strip()
        if template.count("$counter") != 1:
            raise ValidationError(
                self.env._(
                    "A Bill ID template holds $counter exactly once, or two bills "
                    "could get the same ID. Example: $year-$counter"
                )
            )
        unknown = [
            name
            for name in re.findall(r"\$[A-Za-z]*", template)
            if name != "$counter" and name not in TEMPLATE_VARIABLES
        ]
        if unknown or "%" in template:
            raise ValidationError(
                self.env._(
                    "The Bill ID template knows $year, $month, $day and $counter, "
                    "but not %(unknown)s. Example: $month-$day-$year_$counter",
                    unknown=", ".join(unknown) or "%",
                )
            )
        for ours, theirs in TEMPLATE_VARIABLES.items():
            template = template.replace(ours, theirs)
        prefix, suffix = template.split("$counter")
        return prefix, suffix

    def _prepare_billing(self):
        """Give companies what billing needs: sequence, default term, two methods."""
        term = self.env.ref("account.account_payment_term_30days", False)
        for company in self.sudo():
            if not company.billing_sequence_id:
                company.billing_sequence_id = (
                    self.env["ir.sequence"]
                    .sudo()
                    .create(
                        {
                            "name": self.env._("Bill IDs of %s", company.name),
                            "code": "kavi.bill",
                            "company_id": company.id,
                            "implementation": "standard",
                            "padding": 5,
                        }
                    )
                )
                company._sync_billing_sequence()
            if term and not company.billing_payment_term_id:
                company.billing_payment_term_id = term
        self.env["kavi.payment.method"].sudo()._create_default_methods(self)

    def _sync_billing_sequence(self):
        for company in self.sudo().filtered("billing_sequence_id"):
            prefix, suffix = company._split_billing_template()
            company.billing_sequence_id.write({"prefix": prefix, "suffix": suffix})

    def _next_bill_ids(self, dates):
        """Draw Bill IDs. Numbers are never given twice; a rollback leaves a gap.

        :param list dates: the issue date of each bill
        :return: list of str, one for each date
        :raise UserError: when the company has no sequence
        """
        self.ensure_one()
        sequence = self.sudo().billing_sequence_id  # the guard was asked before
        if not sequence:
            raise UserError(
                self.env._(
                    "%s has no Bill ID sequence. An administrator can set the Bill ID "
                    "template under Billing → Configuration → Settings.",
                    self.name,
                )
            )
        return [
            sequence.with_context(ir_sequence_date=date).next_by_id(sequence_date=date)
            for date in dates
        ]

    def _get_billing_journal(self):
        """The sales journal that this company's bills are invoiced in.

        :raise UserError: when there is none, saying where to add it
        """
        self.ensure_one()
        Journal = self.env["account.journal"].sudo()  # no more than its id is used
        journal = Journal.search(
            [*Journal._check_company_domain(self), ("type", "=", "sale")], limit=1
        )
        if not journal:
            raise UserError(
                self.env._(
                    "%s has no sales journal. Add one under Invoicing → Configuration "
                    "→ Journals.",
                    self.name,
                )
            )
        return journal

    def _billing_today(self, moment=None):
        """The day where the company is: by the time zone of its own contact.

        :param datetime.datetime moment: in UTC, as Odoo stores it; default now
        :rtype: datetime.date
        """
        self.ensure_one()
        zone = pytz.timezone(self.sudo().partner_id.tz or "UTC")
        moment = pytz.utc.localize(moment) if moment else datetime.now(pytz.utc)
        return moment.astimezone(zone).date()
