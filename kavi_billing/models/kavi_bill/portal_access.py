import hmac
import uuid
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL


class KaviBill(models.Model):
    """Who opens a bill's page, with a log-in or by its signed link, and in which role
    (KB-48).

    The link is the payer's: nobody who works here reads its token. It ends with its
    account, with the people whom it was sent to, by *Revoke Link*, and by its age.
    """

    _inherit = "kavi.bill"

    access_token = fields.Char(groups=fields.NO_ACCESS)
    link_date = fields.Date(
        copy=False,
        groups=fields.NO_ACCESS,
        help="When the signed link was mailed last: its age counts from here.",
    )

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
        bills.sudo()._end_links()  # the role was checked
        bills.sudo()._message_log_batch(
            dict.fromkeys(
                bills.ids,
                self.env._(
                    "The signed link was revoked: mails sent from now on have a "
                    "new one."
                ),
            )
        )
        return True

    def action_preview(self):
        """The page as its payer sees it, by the user's own right: nothing is done
        there."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"{self.access_url}/preview",
            "target": "new",
        }

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
        """The token as it is, dead or alive, for code that gives it to the account;
        written past the guard, for it is no part of the document."""
        if not self.sudo().access_token:
            self._renew_links()
        return self.access_token if self.env.su else ""

    def get_portal_url(self, *args, **kwargs):
        bill = self
        if not self.env.su:
            self.check_access("read")
        elif not self._is_link_shown():
            bill = self.sudo(False)
        return super(KaviBill, bill).get_portal_url(*args, **kwargs)

    def _get_share_url(self, *args, share_token=True, **kwargs):
        # who comes with a link that has ended is given no other
        share_token = share_token and self._is_link_shown() and self._is_link_alive()
        return super()._get_share_url(*args, share_token=share_token, **kwargs)

    def _is_link_shown(self):
        """Whether the link may stand on a page that is made now: not for who works
        here. Their own right opens the page; with the link they would act as the
        payer."""
        user = self.env.user
        return self.env.su and (user._is_superuser() or not user._is_internal())

    def _notify_get_recipients_groups(self, message, *args, **kwargs):
        reached = message.sudo().partner_ids | self.sudo().message_partner_ids
        if self.partner_id in reached and not self._is_payer():
            self._get_link_token()  # it goes out, on the button
        return super()._notify_get_recipients_groups(message, *args, **kwargs)

    def _get_link_token(self):
        """The token for a mail or document that goes to the account now: from today its
        link works as long as the company lets links work."""
        self.ensure_one()
        bill = self.sudo()  # what comes out goes to the account only
        bill._renew_links()
        today = bill.company_id._billing_today()
        if bill.link_date != today:
            bill._write_facts({"link_date": today})
        return bill.access_token

    def _renew_links(self):
        """Give a new token to bills that have none, or one that is too old."""
        for bill in self.sudo():
            if not bill.access_token or bill._is_link_old():
                bill._write_facts(
                    {
                        "access_token": str(uuid.uuid4()),
                        "link_date": bill.company_id._billing_today(),
                    }
                )

    def _end_links(self):
        """End the signed links of these bills, and with them those of their invoices
        and credit notes: what is mailed next has a new one.

        :return: how many there were
        """
        if not self:
            return 0
        # of an account with thousands of bills, too
        self.flush_recordset(["access_token"])
        self.env.cr.execute(
            SQL(
                "UPDATE kavi_bill SET access_token = gen_random_uuid()::varchar"
                " WHERE id IN %s AND access_token IS NOT NULL",
                tuple(self.ids),
            )
        )
        self.invalidate_recordset(["access_token"], flush=False)
        return self.env.cr.rowcount

    def _is_link_token(self, access_token):
        """Whether this is what the bill's signed link holds; in constant time."""
        self.ensure_one()
        known = self.sudo().access_token
        if not known or not isinstance(access_token, str):
            return False
        # as bytes: compare_digest takes no text beyond ASCII
        same = hmac.compare_digest(
            known.encode(), access_token.encode("utf-8", "surrogatepass")
        )
        return same and self._is_link_alive()

    def _is_link_alive(self):
        """Whether the bill's link still opens anything."""
        self.ensure_one()
        bill = self.sudo()  # no more than that
        return bool(
            bill.partner_id.active
            and bill.company_id.active
            and not bill._is_link_old()
        )

    def _is_link_old(self):
        """Whether more days have passed since it was mailed last than the company
        allows."""
        self.ensure_one()
        days = self.company_id.billing_link_days
        start = self.link_date or self.bill_date
        if not days or not start:
            return False
        return self.company_id._billing_today() > start + timedelta(days=days)

    def _sign_token(self, pid):
        # sudo: the hash says nothing of the token
        return super(KaviBill, self.sudo())._sign_token(pid)

    def _hide_link(self, html):
        """A text for the account as the history may keep it: the link in it leads to
        the log-in."""
        token = self.sudo().access_token
        return html.replace(token, "") if html and token else html

    def _get_bill_url(self):
        """Where the payer sees the bill, without a log-in: for mails and documents.

        :return: absolute URL, with the token that opens this bill and no other
        """
        self.ensure_one()
        token = self._get_link_token()
        return f"{self.get_base_url()}{self.access_url}?access_token={token}"

    def _get_pay_url(self):
        """Where the payer pays the bill, without a log-in."""
        return f"{self._get_bill_url()}#pay"
