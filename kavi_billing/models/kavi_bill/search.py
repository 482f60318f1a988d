from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.numbers import read_amounts

OWN_AMOUNTS = ("amount_total", "amount_paid", "amount_due")


class KaviBill(models.Model):
    """What is found by an amount: of the bill, or of a payment that it was part of."""

    _inherit = "kavi.bill"

    any_amount = fields.Monetary(
        compute="_compute_any_amount",
        search="_search_any_amount",
        help="To search by: what the bill asks, got or still wants, and the whole of "
        "each payment that it was a part of, such as a check for several bills.",
    )

    # === COMPUTE METHODS === #

    @api.depends("amount_total")
    def _compute_any_amount(self):
        for bill in self:
            bill.any_amount = bill.amount_total

    @api.model
    def _search_any_amount(self, operator, value):
        if operator != "in":
            return NotImplemented
        amounts = [amount for amount in value if amount]  # zero says nothing
        if not amounts:
            return Domain.FALSE
        own = Domain.OR(Domain(name, "in", amounts) for name in OWN_AMOUNTS)
        # looked up first, see _search_display_name; sudo: of payments the user sees no
        # more than which of the bills that they may see it was for
        shared = self.sudo()._search_of_payments(amounts, ~own)
        return own | Domain("id", "in", shared.ids) if shared else own

    # === HELPER METHODS === #

    @api.model
    def _get_amount_domain(self, text):
        """The bills of the amount that somebody typed; none when it is no amount."""
        lang = self.env["res.lang"]._get_data(code=self.env.lang)
        amounts = read_amounts(text, lang.decimal_point or ".", lang.thousands_sep)
        return Domain("any_amount", "in", list(amounts)) if amounts else Domain.FALSE

    @api.model
    def _search_of_payments(self, amounts, domain):
        """The bills that a payment of one of ``amounts`` was for, bounced or not.

        :param Domain domain: which bills are looked at
        """
        paid = Domain("partner_type", "=", "customer") & Domain("amount", "in", amounts)
        invoices = Domain("matched_payment_ids", "any", paid)
        return self.search(domain & Domain("move_ids", "any", invoices), order="id")
