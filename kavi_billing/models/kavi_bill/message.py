from odoo import api, fields, models

from ...tools.const import NOTE, USER


class KaviBill(models.Model):
    """What payers write to the organization, and what billing people write for each
    other.

    Activity notes (KB-41) are messages of a subtype of their own; a record rule keeps
    them from everybody else, also from those who may read the bill (accountants,
    payers).
    """

    _inherit = "kavi.bill"
    _billing_sender_role = "officer"
    # what the routes of messages compare the token of a link with
    _mail_post_token_field = "message_token"

    # searched as the user: or words of a note could be guessed, one search at a time
    message_ids = fields.One2many(bypass_search_access=False)
    website_message_ids = fields.One2many(bypass_search_access=False)
    message_token = fields.Char(
        string="Token of Messages",
        compute="_compute_message_token",
        exportable=False,
        help="Technical: of the signed link, for the system only.",
    )

    # === COMPUTE METHODS === #

    @api.depends("access_token")
    @api.depends_context("uid")
    def _compute_message_token(self):
        """Odoo reads it as whoever asks, and no role reads the link's own: a payer who
        is logged in and comes by a link writes by their own right."""
        for bill in self:
            bill.message_token = (bill.access_token or "") if self.env.su else ""

    # === CRUD METHODS === #

    def message_post(self, *, body="", **kwargs):
        """What billing people log on a bill by hand is an activity note, unless they
        address it to somebody. Payers are limited in ``mail_thread``."""
        if (
            kwargs.get("message_type") == "comment"
            and kwargs.get("subtype_xmlid") == "mail.mt_note"
            and not kwargs.get("partner_ids")
            and self.env.user.has_group(USER)
        ):
            kwargs["subtype_xmlid"] = NOTE
        return super().message_post(body=body, **kwargs)

    @api.model
    def _get_thread_with_access(
        self, thread_id, *, hash=None, pid=None, token=None, **kwargs
    ):
        """Answer a wrong link and a missing bill alike: no record."""
        bill = self.sudo().browse(thread_id).exists()
        if not bill or bill.state == "draft" and not self.env.user._is_internal():
            return self.browse()
        if not self._are_link_params(hash=hash, pid=pid, token=token):
            return self.browse()
        if token and not bill._is_link_token(token):
            token = None
        if not bill._is_link_alive():
            hash = pid = None  # signed with the link that has ended
        return super()._get_thread_with_access(
            thread_id, hash=hash, pid=pid, token=token, **kwargs
        )

    # === BUSINESS METHODS === #

    def _log_note(self, body):
        """Add an activity note, which payers do not see."""
        if body:
            messages = self.sudo()._message_log_batch(dict.fromkeys(self.ids, body))
            messages.subtype_id = self.env.ref(NOTE)

    # === HELPER METHODS === #

    def _is_billing_thread(self):
        return True

    def _get_mail_thread_data_attachments(self):
        # a page that was opened by a link reads them as the system
        files = super()._get_mail_thread_data_attachments()
        return files._filter_for_user()

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
