from odoo import api, models
from odoo.fields import Domain


class KaviBill(models.Model):
    """One box finds a bill: by its ID, its numbers, its title or whose it is."""

    _inherit = "kavi.bill"

    @api.model
    def _search_display_name(self, operator, value):
        """Besides what the bill says, its account's name, e-mail and numbers (KB-28).

        The accounts are looked up first: beside a subquery PostgreSQL would read all
        bills, whereas each part of this domain has an index.
        """
        domain = super()._search_display_name(operator, value)
        if not operator.endswith("like") or not value:
            return domain
        negative = operator in Domain.NEGATIVE_OPERATORS
        groups = self.env["res.partner"]._read_group(
            Domain("display_name", operator.removeprefix("not "), value),
            ["commercial_partner_id"],
        )
        accounts = Domain("partner_id", "in", [account.id for (account,) in groups])
        return domain & ~accounts if negative else domain | accounts
