import logging

from odoo import api, models

_logger = logging.getLogger(__name__)


class MailMail(models.Model):
    """A notice's mail gets its document when it is sent, and what becomes of it is
    written into the log of notices."""

    _inherit = "mail.mail"

    def _get_notices(self):
        """The log's rows of these mails; only mails of bills have any."""
        mails = self.filtered(lambda mail: mail.model == "kavi.bill")
        # sudo: the queue may be run by anybody, the log is billing's
        notices = self.env["kavi.notice"].sudo()
        return notices.search([("mail_id", "in", mails.ids)]) if mails else notices

    def _prepare_outgoing_list(self, *args, **kwargs):
        """Attach the bill's document, as it is now.

        Here and not where the mail is queued: making a PDF takes a second, and issuing
        five hundred bills must not wait for five hundred of them.
        """
        emails = super()._prepare_outgoing_list(*args, **kwargs)
        notice = self._get_notices()[:1]
        for bill, document in notice._get_documents():
            try:
                with self.env.cr.savepoint():
                    content, name = bill._get_document_pdf(document)
            except Exception as error:
                # the account is told all the same; the link in the mail leads to it
                _logger.info("Document of %s: %s", bill.name, error)
                bill._log_note(self.env._("Mailed without its document: %s", error))
            else:
                for email in emails:
                    email["attachments"] = [
                        *email["attachments"],
                        (name, content, "application/pdf"),
                    ]
        return emails

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        notices = self._get_notices()
        if failure_type or failure_reason:
            notices._set_failed(failure_reason or failure_type)
        else:
            notices.write({"state": "sent", "reason": False})
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason, failure_type
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_of_notices(self):
        lost = self._get_notices().filtered(lambda notice: notice.state == "queued")
        lost._set_failed(self.env._("The mail was deleted before it was sent."))
