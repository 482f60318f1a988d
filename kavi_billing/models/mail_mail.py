from odoo import api, models


class MailMail(models.Model):
    """What becomes of a notice's mail is written into the log of notices."""

    _inherit = "mail.mail"

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        # sudo: the queue may be run by anybody, the log is billing's
        notices = self.env["kavi.notice"].sudo().search([("mail_id", "in", self.ids)])
        if failure_type or failure_reason:
            notices._set_failed(failure_reason or failure_type)
        else:
            notices.write({"state": "sent", "reason": False})
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason, failure_type
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_of_notices(self):
        # sudo: as above
        notices = self.env["kavi.notice"].sudo()
        lost = notices.search([("mail_id", "in", self.ids), ("state", "=", "queued")])
        lost._set_failed(self.env._("The mail was deleted before it was sent."))
