from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.http import request

MAX_MESSAGE = 10_000  # characters
MAX_PER_HOUR = 20  # messages of payers to one bill


class KaviBill(models.Model):
    """What the payer writes to the organization, and who gets it."""

    _inherit = "kavi.bill"

    @api.model
    def _get_thread_with_access(self, thread_id, *, token=None, **kwargs):
        """A link that is wrong, and a bill that is not there, get the same answer."""
        bill = self.sudo().browse(thread_id).exists()
        if not bill or bill.state == "draft" and not self.env.user._is_internal():
            return self.browse()
        if token and not bill._is_link_token(token):
            token = None
        return super()._get_thread_with_access(thread_id, token=token, **kwargs)

    def message_post(self, *, body="", **kwargs):
        # mails come in through the gateway, which is nobody's session in the portal
        if request and not request.env.user._is_internal():
            self._check_payer_message(body)
            kwargs = self._prepare_payer_message(kwargs)
        return super().message_post(body=body, **kwargs)

    def _check_payer_message(self, body):
        """Nobody fills a bill with letters, nor a mailbox with messages."""
        self.ensure_one()
        if len(body or "") > MAX_MESSAGE:
            raise UserError(
                self.env._(
                    "The message is longer than %s characters. Attach a file instead.",
                    MAX_MESSAGE,
                )
            )
        an_hour_ago = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        # sudo: they count, whoever wrote them
        count = (
            self.env["mail.message"]
            .sudo()
            .search_count(
                [
                    ("model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("message_type", "=", "comment"),
                    ("author_id.partner_share", "=", True),
                    ("date", ">", an_hour_ago),
                ],
                limit=MAX_PER_HOUR,
            )
        )
        if count >= MAX_PER_HOUR:
            raise UserError(
                self.env._("There were many messages in the last hour: write later.")
            )

    def _prepare_payer_message(self, kwargs):
        """A comment under the payer's own name, to whoever is in charge of the bill."""
        kept = {name: kwargs[name] for name in ("attachment_ids",) if name in kwargs}
        if self.env.user._is_public() and kwargs.get("author_id"):
            kept["author_id"] = kwargs["author_id"]  # whom the link was made for
        return {
            **kept,
            "message_type": "comment",
            "subtype_xmlid": "mail.mt_comment",
            "partner_ids": self._get_responsible_users().partner_id.ids,
        }

    def _get_responsible_users(self):
        """Whom a payer's message goes to: who raised the bill, if they still bill, or
        else the billing administrators of its company."""
        self.ensure_one()
        bill = self.sudo()  # payers need not know who works here
        raised_by = bill.create_uid.filtered(
            lambda user: (
                user.active and user.has_group("kavi_billing.group_billing_officer")
            )
        )
        return raised_by or bill._get_administrators()
