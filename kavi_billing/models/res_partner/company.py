from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

# What asks nothing more of its account: no act is left that needs it.
ENDED = {
    "kavi.bill": ("canceled",),
    "kavi.credit": ("used", "refunded", "expired", "canceled"),
}


class ResPartner(models.Model):
    """Whoever is billed stays within reach of the company that bills them: from another
    one it could not pay, refund or credit, nor even read the account."""

    _inherit = "res.partner"

    # === CONSTRAINT METHODS === #

    @api.constrains("company_id")
    def _check_billed_company(self):
        # a contact of no company is one of all
        moved = self.sudo().filtered("company_id")
        for model in ENDED:
            for account, company, count in moved._get_standing(model):
                if account.company_id in company.parent_ids:
                    continue  # its own company, or one above it
                raise UserError(
                    self.env._(
                        "%(account)s stays with %(company)s, which has %(count)s "
                        "%(what)s of it: from %(other)s they could not be settled any "
                        "more. Leave the company of the contact empty to use it in "
                        "both, or add another contact in %(other)s.",
                        account=account.name,
                        company=company.name,
                        count=count,
                        what=self._get_standing_labels()[model],
                        other=account.company_id.name,
                    )
                )

    # === HELPER METHODS === #

    def _get_standing(self, model):
        """What stands of these accounts, by account and company.

        :param str model: a key of ``ENDED``
        :return: list of tuples: account, company, number of records
        """
        # sudo: those of companies that the user does not see count, too
        return (
            self.env[model]
            .sudo()
            ._read_group(
                Domain("partner_id", "in", self.ids)
                & Domain("state", "not in", ENDED[model]),
                ["partner_id", "company_id"],
                ["__count"],
            )
        )

    def _get_standing_labels(self):
        return {
            "kavi.bill": self.env._("bills (drafts included)"),
            "kavi.credit": self.env._("open credits"),
        }
