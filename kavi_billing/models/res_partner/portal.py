from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.const import USER


class ResPartner(models.Model):
    """Whose accounts are whose: what the record rules of the portal go by (KB-43)."""

    _inherit = "res.partner"

    is_my_billing_account = fields.Boolean(
        compute="_compute_is_my_billing_account",
        search="_search_is_my_billing_account",
        groups=USER,
        help="The user's own account, or that of a company they are the billing "
        "contact, primary contact or administrator of.",
    )

    # === COMPUTE METHODS === #

    @api.depends("active", "billing_contact_id", "primary_contact_id")
    @api.depends("billing_admin_ids")
    @api.depends_context("uid")
    def _compute_is_my_billing_account(self):
        mine = self.env["res.partner"]._get_my_billing_accounts()
        for partner in self:
            partner.is_my_billing_account = partner._origin in mine

    def _search_is_my_billing_account(self, operator, value):
        if operator != "in":
            return NotImplemented
        mine = Domain("id", "in", self._get_my_billing_accounts().ids)
        return mine if set(value) == {True} else NotImplemented

    # === BUSINESS METHODS === #

    @api.model
    def _get_my_billing_accounts(self):
        """The accounts that the user may see and pay in the portal.

        Archived ones are nobody's: a company that is inactive gives its people no
        access (KB-11).

        :return: the accounts, with superuser rights: the user's own first
        """
        # sudo: who speaks for an account is billing's knowledge, not the user's
        partner = self.env.user.sudo().partner_id
        accounts = self.sudo()
        # two searches, for one with all of it could use no index
        mine = accounts.search(
            Domain("active", "=", True)
            & (
                Domain("id", "=", partner.id)
                | Domain("billing_contact_id", "=", partner.id)
                | Domain("primary_contact_id", "=", partner.id)
            )
        ) | accounts.search(
            [("active", "=", True), ("billing_admin_ids", "in", partner.ids)]
        )
        return mine.sorted(lambda account: (account != partner, account.name or ""))

    def _get_payer_roles(self):
        """In which roles the user pays for this account, see ``bill_rules.PAYERS``."""
        self.ensure_one()
        # sudo: as above
        account, person = self.sudo(), self.env.user.sudo().partner_id
        if not account.active:
            return set()
        contacts = account.billing_contact_id | account.primary_contact_id
        fact = {
            "holder": person == account,
            "contact": person in contacts,
            "administrator": person in account.billing_admin_ids,
        }
        return {role for role, holds in fact.items() if holds}
