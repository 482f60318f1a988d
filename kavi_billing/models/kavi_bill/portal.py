import hmac
import uuid

from odoo import models


class KaviBill(models.Model):
    """The bill as its payer reaches it: the page, and the signed link to it (KB-48)."""

    _name = "kavi.bill"
    _inherit = ["kavi.bill", "portal.mixin"]

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for bill in self:
            bill.access_url = f"/my/bills/{bill.id}"
        return result

    def _portal_ensure_token(self):
        """The token is no part of the document, so no state of the bill forbids it."""
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
        return hmac.compare_digest(known.encode(), access_token.encode())

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

    def action_revoke_link(self):
        """Whoever has the link of one of these bills is shut out; a new one opens it.

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
