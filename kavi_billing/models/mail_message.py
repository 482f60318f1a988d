from odoo import api, models

# What a message says, where, and to whom; the rest (starred, done) is the reader's own.
CONTENT = frozenset(
    "body subject model res_id subtype_id partner_ids attachment_ids message_type "
    "is_internal author_id email_from outgoing_email_to parent_id".split()
)


class MailMessage(models.Model):
    """Messages on documents of billing are posted, not written past the guards of
    ``mail_thread``: nobody makes or changes one by hand that they could not post."""

    _inherit = "mail.message"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        messages = super().create(vals_list)
        # what is there now, by values or by defaults of the context
        messages._check_billing_sender()
        return messages

    def write(self, vals):
        if not CONTENT & set(vals):
            return super().write(vals)
        self._check_billing_sender()
        result = super().write(vals)
        self._check_billing_sender()
        return result

    # === HELPER METHODS === #

    def _check_billing_sender(self):
        """Refuse what the user could not post.

        :raise AccessError: for payers, and for messages that leave the house without
            the role that sends
        """
        if self.env.su:
            return  # posted by code that was asked
        for message in self.sudo():
            model = message.model
            if not model or model not in self.env or not message.res_id:
                continue
            thread = self.env[model].browse(message.res_id)
            if hasattr(thread, "_check_written"):
                thread._check_written(
                    partner_ids=message.partner_ids.ids,
                    subtype_id=message.subtype_id.id,
                    outgoing_email_to=message.outgoing_email_to,
                )
