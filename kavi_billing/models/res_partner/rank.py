from odoo import models

from ...tools.context import private_value


class ResPartner(models.Model):
    """Who becomes a customer with a batch of invoices."""

    _inherit = "res.partner"

    def _increase_rank(self, field, n=1):
        """In a batch, ranks that are the first are written at once, at its end."""
        ranks = private_value(self.env.context, "kavi_ranks")
        if ranks is None:
            return super()._increase_rank(field, n)
        # one that is a customer already, Odoo counts after the commit
        first = self.sudo().filtered(lambda partner: partner.id and not partner[field])
        for id_ in first.ids:
            ranks[field, id_] = ranks.get((field, id_), 0) + n
        return super(ResPartner, self - first)._increase_rank(field, n)
