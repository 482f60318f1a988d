from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# Where the amount of a line without a product may be booked: earned, or owed as a
# service that is still to come.
ACCOUNT_TYPES = ("income", "income_other", "liability_current")


class KaviBillKind(models.Model):
    """What bills are about, and what follows from it: numbers, terms, texts (KB-13).

    A kind may be shared by companies. What belongs to one company (account, journal,
    methods) takes a kind of that company; a Bill ID template does not, for each
    company counts for itself.
    """

    _name = "kavi.bill.kind"
    _description = "Bill Kind"
    _order = "sequence, name"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: offered in every company."
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    # -- what a new bill of this kind starts with
    bill_id_template = fields.Char(
        string="Bill ID Template",
        help="How the IDs of these bills are made, if not as the company's: $counter "
        "(always) and, if wanted, $year, $month and $day. Example: M-$year-$counter",
    )
    payment_term_id = fields.Many2one(
        "account.payment.term",
        string="Default Term",
        check_company=True,
        help="Empty: the account's own term, or the company's.",
    )
    method_ids = fields.Many2many(
        "kavi.payment.method",
        string="Payment Methods",
        check_company=True,
        help="What payers may choose from. Empty: all methods of the company.",
    )

    # -- where it is booked
    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        domain="[('sale_ok', '=', True)]",
        help="What a bill of this kind charges for when it is raised with just an "
        "amount; its income account and taxes apply.",
    )
    account_id = fields.Many2one(
        "account.account",
        string="Income Account",
        check_company=True,
        domain=[("account_type", "in", ACCOUNT_TYPES)],
        help="Of lines without a product. Empty: the account of the sales journal.",
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Sales Journal",
        check_company=True,
        domain=[("type", "=", "sale")],
        help="Where these bills are invoiced. Empty: the company's first sales "
        "journal.",
    )

    # -- what is printed
    invoice_text = fields.Html(
        translate=True, help="Printed on the invoice, below the totals."
    )
    receipt_text = fields.Html(
        translate=True, help="Printed on the receipt, below the payments."
    )

    # -- what the accounts are told of these bills (KB-56)
    notify_new = fields.Boolean(
        string="New Bill", default=True, help="Mail each bill when it is issued."
    )
    notify_receipt = fields.Boolean(
        string="Receipt", default=True, help="Mail a receipt when a bill is paid."
    )
    notify_refund = fields.Boolean(
        string="Refund", default=True, help="Proposed with each refund."
    )
    notify_cancel = fields.Boolean(
        string="Cancellation", default=True, help="Proposed when a bill is canceled."
    )
    notify_reversal = fields.Boolean(
        string="Reversal",
        default=True,
        help="Proposed when a payment is reversed.",
    )
    notify_dispute = fields.Boolean(
        string="Dispute",
        help="Proposed when a dispute is opened or resolved.",
    )
    notify_update = fields.Boolean(
        string="Update",
        help="Proposed when a bill is postponed or its amount changes.",
    )

    _name_company_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), (name->>'en_US'))",
        "A bill kind of this name is there already.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("bill_id_template")
    def _check_bill_id_template(self):
        for kind in self.filtered("bill_id_template"):
            self.env["res.company"]._split_bill_id_template(kind.bill_id_template)

    @api.constrains("company_id", "method_ids", "account_id", "journal_id")
    def _check_shared(self):
        for kind in self.filtered(lambda kind: not kind.company_id):
            if kind.method_ids or kind.account_id or kind.journal_id:
                raise ValidationError(
                    self.env._(
                        "Payment methods, account and journal belong to one company: "
                        "choose the company of the bill kind %s first, or leave them "
                        "empty.",
                        kind.name,
                    )
                )

    @api.constrains("account_id", "journal_id")
    def _check_bookable(self):
        for kind in self:
            if kind.account_id and kind.account_id.account_type not in ACCOUNT_TYPES:
                raise ValidationError(
                    self.env._(
                        "%s is no account for income: choose one of type Income, Other "
                        "Income or Current Liabilities.",
                        kind.account_id.display_name,
                    )
                )
            if kind.journal_id and kind.journal_id.type != "sale":
                raise ValidationError(
                    self.env._(
                        "%s is not a sales journal: bills are invoiced in one.",
                        kind.journal_id.name,
                    )
                )
            account = kind.account_id or kind.journal_id.default_account_id
            if kind.journal_id and not account:
                raise ValidationError(
                    self.env._(
                        "The journal %s has no default income account: set it there, "
                        "or choose an income account on the bill kind.",
                        kind.journal_id.name,
                    )
                )

    @api.constrains("company_id")
    def _check_used_company(self):
        # sudo: what companies that the user does not see do with it counts, too
        for kind, company in self.sudo()._get_uses():
            if kind.company_id and kind.company_id != company:
                raise ValidationError(
                    self.env._(
                        "Other companies use the bill kind %s: it stays shared. Add a "
                        "kind for the one company instead.",
                        kind.name,
                    )
                )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: bills of companies that the user does not see count, too
        Bill = self.env["kavi.bill"].sudo()
        groups = Bill._read_group([("kind_id", "in", self.ids)], ["kind_id"])
        used = self.browse(kind.id for (kind,) in groups)
        if used:
            raise UserError(
                self.env._(
                    "There are bills of the kind %s: archive it instead of deleting "
                    "it, and it is no longer offered.",
                    ", ".join(used.mapped("name")),
                )
            )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for kind, vals in zip(self, vals_list, strict=True):
            if "name" not in (default or {}):
                vals["name"] = self.env._("%s (copy)", kind.name)
        return vals_list

    # === HELPER METHODS === #

    def _get_uses(self):
        """Where these kinds are used: (kind, company) of bills and settings."""
        Company = self.env["res.company"].with_context(active_test=False)
        defaults = Company.search([("billing_kind_id", "in", self.ids)])
        return [
            *self.env["kavi.bill"]._read_group(
                [("kind_id", "in", self.ids)], ["kind_id", "company_id"]
            ),
            *((company.billing_kind_id, company) for company in defaults),
        ]
