from odoo import api, models


class MailScheduledMessage(models.Model):
    """Who may not send now, schedules nothing for later: said at once, and once more
    when it is posted."""

    _inherit = "mail.scheduled.message"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        messages = super().create(vals_list)
        messages._check_billing_sender()
        return messages

    def write(self, vals):
        result = super().write(vals)
        self._check_billing_sender()
        return result

    # === HELPER METHODS === #

    def _check_billing_sender(self):
        for message in self.sudo():
            # as the user: it is their role that is asked
            thread = self.env[message.model].browse(message.res_id)
            thread._check_written(
                partner_ids=message.partner_ids.ids,
                subtype_xmlid=None if message.is_note else "mail.mt_comment",
            )
