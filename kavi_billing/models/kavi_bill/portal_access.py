import hmac
import uuid

from odoo import api, models


class KaviBill(models.Model):
    """Who opens a bill's page, with a log-in or by its signed link, and in which role
    (KB-48)."""

    _inherit = "kavi.bill"

    # === COMPUTE METHODS === #

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for bill in self:
            bill.access_url = f"/my/bills/{bill.id}"
        return result

    # === ACTION METHODS === #

    def action_revoke_link(self):
        """Replace the signed links of these bills: the former ones open nothing.

        :raise AccessError: for anybody but a billing administrator
        """
        self._check_role("administrator")
        self.check_access("write")
        bills = self.filtered("name")
        for bill in bills:
            bill._write_facts({"access_token": str(uuid.uuid4())})
        bills.sudo()._message_log_batch(  # the role was checked
            dict.fromkeys(
                bills.ids,
                self.env._(
                    "The signed link was revoked: mails sent from now on have a "
                    "new one."
                ),
            )
        )
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _find_for_payer(self, bill_id, access_token=None):
        """The bill, for whoever may open its page.

        Wrong link, somebody else's bill, a draft or none at all: the same answer.

        :param int bill_id: what stands in the address
        :param str access_token: what the signed link holds
        :return: the bill with superuser rights, or none; and the roles in which the
            user pays it, see ``bill_rules.PAYERS`` (none: may look only)
        """
        # sudo: nothing of it is shown before what follows allows it
        bill = self.sudo().search([("id", "=", bill_id), ("state", "!=", "draft")])
        roles = bill._get_payer_roles(access_token)
        if not roles and not bill.sudo(False).has_access("read"):
            bill = bill.browse()
        return bill, roles

    def _get_payer_roles(self, access_token=None):
        """In which roles the user, or whoever has the link, pays this bill."""
        roles = set()
        if not self:
            return roles
        self.ensure_one()
        if self._is_link_token(access_token):
            roles.add("link")
        bill = self.sudo()  # no more than whose it is
        if bill.company_id in self.env.companies:
            roles |= bill.partner_id._get_payer_roles()
        return roles

    # === HELPER METHODS === #

    def _portal_ensure_token(self):
        """Write the token past the guard: it is no part of the document."""
        if not self.access_token:
            self.sudo()._write_facts({"access_token": str(uuid.uuid4())})
        return self.access_token

    def _is_link_token(self, access_token):
        """Whether this is what the bill's signed link holds; in constant time."""
        self.ensure_one()
        known = self.sudo().access_token
        if not known or not isinstance(access_token, str):
            return False
        # as bytes: compare_digest takes no text beyond ASCII
        given = access_token.encode(errors="replace")
        return hmac.compare_digest(known.encode(), given)

    def _get_bill_url(self):
        """Where the payer sees the bill, without a log-in: for mails and documents.

        :return: absolute URL, with the token that opens this bill and no other
        """
        self.ensure_one()
        return self.get_base_url() + self.get_portal_url()

    def _get_pay_url(self):
        """Where the payer pays the bill, without a log-in."""
        self.ensure_one()
        return self.get_base_url() + self.get_portal_url(anchor="pay")
