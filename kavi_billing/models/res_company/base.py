from datetime import datetime

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...tools.context import Private

COMPANY_CHECKED = (
    "billing_payment_term_id",
    "billing_kind_id",
    "billing_write_off_account_id",
    "billing_credit_product_id",
    "billing_fee_account_ids",
)


class ResCompany(models.Model):
    """What billing needs to know of a company: its settings, its journal, its day."""

    _name = "res.company"
    _inherit = ["res.company", "kavi.protected.mixin"]

    billing_payment_term_id = fields.Many2one(
        "account.payment.term",
        string="Default Bill Term",
        check_company=True,
        help="Sets the due date of a new bill; the bill may choose another.",
    )
    billing_kind_id = fields.Many2one(
        "kavi.bill.kind",
        string="Default Bill Kind",
        check_company=True,
        ondelete="set null",
        help="What a new bill is about, unless it says otherwise.",
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
    billing_fee_account_ids = fields.Many2many(
        "account.account",
        "kavi_company_fee_account_rel",
        string="Bank Fee Accounts",
        check_company=True,
        help="What the bank keeps of a payment and is booked here counts as paid by "
        "the payer. What is booked to any other account with a payment (a write-off, a "
        "discount) counts as credited, and is not refunded.",
    )
    billing_credit_product_id = fields.Many2one(
        "product.product",
        string="Credit Product",
        check_company=True,
        help="Names the account and the taxes of credits. Empty: the account of the "
        "sales journal, no taxes.",
    )
    billing_apply_credits_automatically = fields.Boolean(
        string="Apply Credits Automatically",
        help="What an account has in its favour settles its bills by itself, oldest "
        "due first.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains(*COMPANY_CHECKED)
    def _check_billing_companies(self):
        self._check_company(COMPANY_CHECKED)  # Odoo's companies do not do it themselves

    @api.constrains("billing_write_off_account_id", "billing_write_off_limit")
    def _check_billing_write_off(self):
        for company in self:
            account = company.billing_write_off_account_id
            if account and account.internal_group not in ("expense", "income"):
                raise ValidationError(
                    self.env._(
                        "%s does not count in the result: choose an account for "
                        "expenses or income to write small rests off to.",
                        account.display_name,
                    )
                )
            if company.billing_write_off_limit < 0:
                raise ValidationError(
                    self.env._("The write-off limit is zero or more, never negative.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # a company's own contact is nobody whom it bills
        companies = super(
            ResCompany, self.with_context(kavi_no_billing_account=Private())
        ).create(vals_list)
        companies = companies.with_env(self.env)
        companies._prepare_billing()
        return companies

    # === BUSINESS METHODS === #

    def _prepare_billing(self):
        """Give companies what billing needs: sequences, default term, two methods."""
        term = self.env.ref("account.account_payment_term_30days", False)
        for company in self.sudo():
            if not company.billing_sequence_id:
                company._sync_billing_sequence()
            if term and not company.billing_payment_term_id:
                company.billing_payment_term_id = term
        self._prepare_credit_sequences()
        self.env["kavi.payment.method"].sudo()._create_default_methods(self)

    def _get_default_kind(self):
        """The kind of bills that name none; empty when none is set, or none offered."""
        # sudo: a bill of the company is being raised, and the kind is only named
        return self.sudo().billing_kind_id.filtered("active").sudo(self.env.su)

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

    @api.model
    def _get_billing_days(self):
        """What today is, in every company.

        :return: ``{day: [company ids]}``
        """
        # sudo: only time zones and ids of companies are used (all of them, for a job
        # has no chosen ones); record rules apply to what is searched with them
        companies = self.sudo().with_context(active_test=False).search(Domain.TRUE)
        days = {}
        for company in companies:
            days.setdefault(company._billing_today(), []).append(company.id)
        return days
