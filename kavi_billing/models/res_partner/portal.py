from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.const import USER

# Who speaks for an account: whoever leaves may have links to its bills.
LINK_FIELDS = frozenset(
    ("billing_contact_id", "primary_contact_id", "billing_admin_ids")
)


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

    # === HELPER METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_end_links(self):
        (self._get_accounts_of_people() - self)._end_links()

    def _get_accounts_of_people(self):
        """The accounts that these contacts speak for."""
        # sudo: whoever may change a contact need not see who bills whom
        accounts = self.sudo().with_context(active_test=False)
        return accounts.search(
            Domain("billing_contact_id", "in", self.ids)
            | Domain("primary_contact_id", "in", self.ids)
            | Domain("billing_admin_ids", "in", self.ids)
        )

    def _get_link_holders(self, vals):
        """Whoever may have got links to bills, of the accounts that a change of
        ``vals`` could take it from.

        :return: ``{account: people}``, with the account itself
        """
        accounts = self.sudo().browse()
        if LINK_FIELDS & set(vals):
            accounts |= self.sudo()
        if not vals.get("active", True):
            accounts |= self.sudo() | self._get_accounts_of_people()
        return {account: account._get_spokespeople() for account in accounts}

    def _get_spokespeople(self):
        self.ensure_one()
        people = self.billing_contact_id | self.primary_contact_id
        return (self | people | self.billing_admin_ids).filtered("active")

    def _end_links_of_former(self, holders):
        """End the links of accounts that lost one of their people, or were archived.

        :param dict holders: from before the change, see :meth:`_get_link_holders`
        """
        accounts = self.sudo().browse()
        for account, people in holders.items():
            if people - account._get_spokespeople():
                accounts |= account
        accounts._end_links()

    def _end_links(self):
        """End the signed links of all bills of these accounts, and say so."""
        if not self:
            return
        # sudo: what was mailed is to open nothing more, whoever took the right away
        bills = self.env["kavi.bill"].sudo()
        bills = bills.search(
            [("partner_id", "in", self.ids), ("access_token", "!=", False)]
        )
        if bills._end_links():
            bills.partner_id._message_log_batch(
                dict.fromkeys(
                    bills.partner_id.ids,
                    self.env._(
                        "The links in mails about bills were revoked, for somebody who "
                        "may have them no longer speaks for the account. Mails sent "
                        "from now on have new ones."
                    ),
                )
            )
