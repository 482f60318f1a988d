from odoo import models


class MailComposeMessage(models.TransientModel):
    """Mailing documents of billing to many takes the role that sends; a message to one
    is asked where it is posted."""

    _inherit = "mail.compose.message"

    # === HELPER METHODS === #

    def _action_send_mail_mass_mail(self, res_ids, auto_commit=False):
        documents = self.env[self.model].browse(res_ids) if self.model else None
        if hasattr(documents, "_check_mailing"):
            documents._check_mailing()
        return super()._action_send_mail_mass_mail(res_ids, auto_commit=auto_commit)
