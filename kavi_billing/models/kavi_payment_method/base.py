from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# What every company starts with (KB-49): name, collects a payment number.
DEFAULT_METHODS = {"check": ("Check", True), "wire": ("Wire Transfer", False)}


class KaviPaymentMethod(models.Model):
    """How a bill may be paid; what that costs the payer is in ``surcharge``."""

    _name = "kavi.payment.method"
    _inherit = ["kavi.guard.mixin"]
    _description = "Bill Payment Method"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    # Another addon may add a kind (KB-50). Each but this one pays by itself.
    kind = fields.Selection([("manual", "Manual")], default="manual", required=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        domain="[('type', 'in', ('bank', 'cash', 'credit'))]",
        help="Where the money is booked. Empty: the company's first bank journal.",
    )
    collect_payment_number = fields.Boolean(
        help="Offer a field for the check number or the like when a payment is "
        "completed."
    )
    instructions = fields.Html(
        translate=True,
        sanitize_attributes=True,
        sanitize_form=True,
        sanitize_style=True,
        strip_style=True,
        strip_classes=True,
        help="How to pay this way: shown to the payer once the method is chosen.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _company_idx = models.Index("(company_id, sequence)")
    _automatic_uniq = models.UniqueIndex(
        "(company_id) WHERE kind != 'manual' AND active",
        "The company has an automatic payment method already: archive it before "
        "another one is offered.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("journal_id", "company_id", "active")
    def _check_journal(self):
        """Money that comes needs a place in the books: say so before it comes."""
        if self._is_act():
            return  # of a company that may get its chart of accounts later
        for method in self.filtered("active"):
            try:
                method._get_journal()
            except UserError as error:
                raise ValidationError(str(error)) from error

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_numbers(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_numbers([vals])
        if "company_id" in vals:
            moved = self.filtered(lambda m: m.company_id.id != vals["company_id"])
            for method in moved._get_used():
                raise UserError(
                    self.env._(
                        "Bills were paid by %s: it stays with its company.", method.name
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self._get_used()
        if used:
            raise UserError(
                self.env._(
                    "Bills were paid by %s: archive the method instead of deleting "
                    "it, and it is no longer offered.",
                    ", ".join(used.mapped("name")),
                )
            )

    # === BUSINESS METHODS === #

    @api.model
    def _create_default_methods(self, companies):
        """Create Check and Wire Transfer for companies that have no method yet."""
        served = self.with_context(active_test=False).search(
            [("company_id", "in", companies.ids)]
        )
        missing = companies - served.company_id
        self.env["kavi.payment.method"]._as_act()._load_records(
            [
                {
                    "xml_id": f"kavi_billing.{company.id}_payment_method_{key}",
                    "noupdate": True,
                    "values": {
                        "name": name,
                        "collect_payment_number": collects,
                        "company_id": company.id,
                        "sequence": (index + 1) * 10,
                    },
                }
                for company in missing
                for index, (key, (name, collects)) in enumerate(DEFAULT_METHODS.items())
            ]
        )

    def _get_journal(self):
        """The journal that a payment by this method is booked in.

        :rtype: account.journal
        :raise UserError: when there is none, saying where to set it
        """
        self.ensure_one()
        Journal = self.env["account.journal"].sudo()  # no more than its id is used
        journal = self.sudo().journal_id or Journal.search(
            [
                *Journal._check_company_domain(self.company_id),
                ("type", "=", "bank"),
            ],
            limit=1,
        )
        if not journal:
            raise UserError(
                self.env._(
                    "%(company)s has no bank journal to book payments by %(method)s "
                    "in. Set one on the method (Billing → Configuration → Payment "
                    "Methods) or add a bank journal in Invoicing.",
                    company=self.company_id.name,
                    method=self.name,
                )
            )
        if not journal.active:
            raise UserError(
                self.env._(
                    "The journal %(journal)s of the method %(method)s is archived: "
                    "choose another one on the method.",
                    journal=journal.name,
                    method=self.name,
                )
            )
        return journal

    # === HELPER METHODS === #

    def _get_used(self):
        """Those of these methods that a bill names."""
        # sudo: bills of companies that the user does not see count, too
        Bill = self.env["kavi.bill"].sudo()
        groups = Bill._read_group(
            [("payment_method_id", "in", self.ids)], ["payment_method_id"]
        )
        return self.browse(method.id for (method,) in groups)
