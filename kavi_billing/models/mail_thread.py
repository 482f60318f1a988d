from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import html2plaintext

from ..tools.const import MAX_MESSAGE, MAX_PER_HOUR, ROLES
from ..tools.context import Private, bookkeeping_context, private_value
from ..tools.text import clean


class MailThread(models.AbstractModel):
    """Who writes what to whom on documents of billing, whichever way it comes in.

    It is the user who is asked, never the transport: pages of the portal post with
    superuser rights, clients without a request. A payer (portal or public user) leaves
    a text for whoever is responsible, and nothing else. Who works here and has not the
    role that sends, notes what colleagues read.
    """

    _inherit = "mail.thread"

    # The role of billing that it takes to write to an account, or to anybody outside;
    # None: what Odoo asks for.
    _billing_sender_role = None

    # === CRUD METHODS === #

    def message_post(self, *, body="", **kwargs):
        thread = self
        if self._is_billing_thread() and not private_value(
            self.env.context, "kavi_automatic_answer"
        ):
            if self._is_payer():
                thread, body, kwargs = self._prepare_payer_post(body, kwargs)
            else:
                self._check_sender(**kwargs)
        return super(MailThread, thread).message_post(body=body, **kwargs)

    def message_notify(self, *, model=False, res_id=False, **kwargs):
        thread = self
        if not self and isinstance(model, str) and model in self.env and res_id:
            thread = self.env[model].browse(res_id)
        if hasattr(thread, "_check_notifier") and thread._is_billing_thread():
            thread._check_notifier(**kwargs)
        return super().message_notify(model=model, res_id=res_id, **kwargs)

    # === HELPER METHODS === #

    def _message_update_content(self, message, /, *, body, **kwargs):
        if self._is_billing_thread():
            if self._is_payer():
                if body:
                    body = self._prepare_payer_body(body)
                # what the page lets them change, and nothing beside
                kwargs = {
                    name: kwargs[name] for name in ("attachment_ids",) if name in kwargs
                }
            else:
                self._check_sender(
                    partner_ids=kwargs.get("partner_ids"),
                    subtype_id=message.sudo().subtype_id.id,
                )
        return super()._message_update_content(message, body=body, **kwargs)

    def _message_get_suggested_recipients(self, *args, **kwargs):
        """A payer writes to whoever is responsible, and learns of nobody else."""
        if self._is_payer() and self._is_billing_thread():
            return []
        return super()._message_get_suggested_recipients(*args, **kwargs)

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """A mail that a client hands in is not posted in the name of the system, unless
        the client may send: what it says of its sender proves nothing."""
        if not self.env.su and not self.env.user.has_group("base.group_system"):
            for model, thread_id, *__ in routes or ():
                thread = self.env[model].browse(thread_id or ())
                if hasattr(thread, "_check_mailing"):
                    thread._check_mailing()
        return super()._message_route_process(message, message_dict, routes)

    def _notify_thread_with_out_of_office(self, *args, **kwargs):
        # an answer of the system in the name of who is away: no message of the payer
        thread = self
        if self._is_billing_thread():
            thread = self.with_context(kavi_automatic_answer=Private())
        return super(MailThread, thread)._notify_thread_with_out_of_office(
            *args, **kwargs
        )

    def _is_billing_thread(self):
        """Hook: whether these are documents of billing, whose payers are limited."""
        return False

    @api.model
    def _are_link_params(self, hash=None, pid=None, token=None):
        """Whether Odoo can compare what came with an address: it takes ASCII only."""
        try:
            int(pid or 0)
        except (TypeError, ValueError):
            return False
        return all(
            isinstance(text, str) and text.isascii() for text in (hash, token) if text
        )

    def _is_payer(self):
        """Whether it is nobody who works here that acts now, with whatever rights."""
        return not self.env.user._is_internal()

    def _is_sender(self):
        """Whether the user has the role that sends mail of these documents."""
        role, user = self._billing_sender_role, self.env.user
        return not role or user._is_superuser() or user.has_group(ROLES[role])

    def _check_written(self, **kwargs):
        """Refuse what was written past ``message_post``, unless the user could post it:
        payers write nothing so.

        :param kwargs: as for ``_check_sender``
        :raise AccessError: with who may
        """
        if not self._is_billing_thread():
            return
        if self._is_payer():
            raise self._make_sender_error()
        self._check_sender(**kwargs)

    def _check_mailing(self):
        """Refuse to mail these documents to whoever is outside.

        :raise AccessError: for payers, and without the role of the act
        """
        if not self._is_billing_thread():
            return
        if self._is_payer() or not self._is_sender():
            raise self._make_sender_error()

    def _check_sender(
        self,
        partner_ids=None,
        subtype_xmlid=None,
        subtype_id=None,
        outgoing_email_to=None,
        incoming_email_to=None,
        incoming_email_cc=None,
        **kwargs,
    ):
        """Refuse a message that leaves the house, without the role that sends.

        :raise AccessError: what was asked is as for ``message_post``
        """
        if self._is_sender():
            return
        if outgoing_email_to or incoming_email_to or incoming_email_cc:
            raise self._make_sender_error()
        if subtype_xmlid:
            subtype_id = self.env["ir.model.data"]._xmlid_to_res_id(subtype_xmlid)
        # sudo: whom it would reach, not who may be seen
        subtype = self.env["mail.message.subtype"].sudo().browse(subtype_id or ())
        partners = self.env["res.partner"].sudo().browse(partner_ids or ())
        if not all(subtype.mapped("internal")) or any(partners.mapped("partner_share")):
            raise self._make_sender_error()

    def _check_notifier(self, partner_ids=None, **kwargs):
        """Refuse to notify anybody of a document, unless it is a colleague.

        What runs with superuser rights tells colleagues of what a payer did.
        """
        if self._is_payer() and not self.env.su:
            raise self._make_sender_error()
        self._check_sender(partner_ids=partner_ids)

    def _make_sender_error(self):
        return AccessError(
            self.env._(
                "Writing to an account, or to anybody outside, takes the Billing "
                "Officer role. Log an internal note for your colleagues instead."
            )
        )

    def _prepare_payer_post(self, body, kwargs):
        """What becomes of a payer's message: the text, for whoever is responsible.

        :return: the thread in a context that holds nothing of the caller's, the body
            and the values for ``message_post``
        :raise UserError: when a limit is passed
        """
        self.ensure_one()
        self.check_access("read")
        self._check_payer_rate()
        kept = {}
        if self.env.user._is_public():  # others write in their own name
            # whom the link was made for; sudo: or whose document it is
            account = self.sudo().partner_id.commercial_partner_id
            kept["author_id"] = kwargs.get("author_id") or account.id
        files = kwargs.get("attachment_ids")
        if isinstance(files, list | tuple):
            # Odoo keeps those that they have uploaded for a message of theirs
            kept["attachment_ids"] = [id_ for id_ in files if isinstance(id_, int)]
        context = {
            **bookkeeping_context(self.env.context),
            "guest": self.env.context.get("guest"),
            "mail_post_autofollow": False,
            "mail_post_autofollow_author_skip": True,
        }
        values = {
            **kept,
            "message_type": "comment",
            "subtype_xmlid": "mail.mt_comment",
            "partner_ids": self._get_responsible_users().partner_id.ids,
        }
        body = self._prepare_payer_body(body)
        # sudo: they may post, and what was addressed is ours; see mail_message
        return self.with_env(self.env(su=True, context=context)), body, values

    @api.model
    def _prepare_payer_body(self, body):
        """The text of a payer's message as harmless HTML.

        :param body: text, or what the page makes of it (``Markup``)
        :raise UserError: when it is too long
        """
        if not isinstance(body, str):
            body = ""
        if len(body) > MAX_MESSAGE:
            raise UserError(
                self.env._(
                    "The message is longer than %s characters. Attach a file instead.",
                    MAX_MESSAGE,
                )
            )
        if isinstance(body, Markup):
            body = html2plaintext(body, include_references=False)
        return Markup("<br/>").join(map(escape, clean(body).strip().split("\n")))

    def _check_payer_rate(self):
        """Limit the number of payers' messages to one document.

        :raise UserError: when there were too many in the last hour
        """
        an_hour_ago = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        # sudo: they count, whoever wrote them
        messages = self.env["mail.message"].sudo()
        count = messages.search_count(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("message_type", "=", "comment"),
                ("author_id.partner_share", "=", True),
                ("date", ">", an_hour_ago),
            ],
            limit=MAX_PER_HOUR,
        )
        if count >= MAX_PER_HOUR:
            raise UserError(
                self.env._("There were many messages in the last hour: write later.")
            )

    def _get_responsible_users(self):
        """Hook: who gets payers' messages about this document."""
        return self.env["res.users"]
