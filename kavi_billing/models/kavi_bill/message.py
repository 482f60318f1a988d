from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.http import request

from ...tools.const import USER

MAX_MESSAGE = 10_000  # characters
MAX_PER_HOUR = 20  # messages of payers to one bill
NOTE = "kavi_billing.mt_activity_note"


class KaviBill(models.Model):
    """What payers write to the organization, and what billing people write for each
    other.

    Activity notes (KB-41) are messages of a subtype of their own; a record rule keeps
    them from everybody else, also from those who may read the bill (accountants,
    payers).
    """

    _inherit = "kavi.bill"

    # searched as the user: or words of a note could be guessed, one search at a time
    message_ids = fields.One2many(bypass_search_access=False)
    website_message_ids = fields.One2many(bypass_search_access=False)

    # === CRUD METHODS === #

    def message_post(self, *, body="", **kwargs):
        """What billing people log on a bill by hand is an activity note, unless they
        address it to somebody; what payers write is limited, and addressed by us."""
        if (
            kwargs.get("message_type") == "comment"
            and kwargs.get("subtype_xmlid") == "mail.mt_note"
            and not kwargs.get("partner_ids")
            and self.env.user.has_group(USER)
        ):
            kwargs["subtype_xmlid"] = NOTE
        # incoming mail is posted in no session of the portal
        if request and not request.env.user._is_internal():
            self._check_payer_message(body)
            kwargs = self._prepare_payer_message(kwargs)
        return super().message_post(body=body, **kwargs)

    @api.model
    def _get_thread_with_access(self, thread_id, *, token=None, **kwargs):
        """Answer a wrong link and a missing bill alike: no record."""
        bill = self.sudo().browse(thread_id).exists()
        if not bill or bill.state == "draft" and not self.env.user._is_internal():
            return self.browse()
        if token and not bill._is_link_token(token):
            token = None
        return super()._get_thread_with_access(thread_id, token=token, **kwargs)

    # === BUSINESS METHODS === #

    def _log_note(self, body):
        """Add an activity note, which payers do not see."""
        if body:
            messages = self.sudo()._message_log_batch(dict.fromkeys(self.ids, body))
            messages.subtype_id = self.env.ref(NOTE)

    # === HELPER METHODS === #

    def _check_payer_message(self, body):
        """Limit the length and the number of payers' messages.

        :raise UserError: when one of the limits is passed
        """
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
        """Values of a payer's message: a comment to whoever is responsible."""
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
        """Who gets payers' messages: the user who created the bill, if they are still
        an officer, or else the billing administrators of its company."""
        self.ensure_one()
        bill = self.sudo()  # payers need not know who works here
        raised_by = bill.create_uid.filtered(
            lambda user: (
                user.active and user.has_group("kavi_billing.group_billing_officer")
            )
        )
        return raised_by or bill._get_administrators()
