from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize, formataddr
from odoo.tools.mail import email_split_and_format_normalize


class ResCompany(models.Model):
    """From whom billing's mail comes, and who gets a copy (KB-70)."""

    _inherit = "res.company"

    billing_email_from = fields.Char(
        string="Administrative Email",
        help="The sender of billing mail. Empty: the company's own address.",
    )
    billing_email_copy = fields.Char(
        string="Administrative Copy Email",
        help="Gets a copy of every mail that billing sends. Several addresses are "
        "separated by commas.",
    )
    billing_notify_new_bill = fields.Boolean(
        string="Mail New Bills",
        default=True,
        help="Off: no new-bill notice of any kind is sent by itself.",
    )

    billing_attach_documents = fields.Boolean(
        string="Attach Documents",
        default=True,
        help="The mail of a new bill carries its invoice as PDF, the mail of a receipt "
        "the receipt, the mail of a refund or a cancellation the credit note.",
    )

    billing_link_days = fields.Integer(
        string="Links Work For",
        default=365,
        help="For how many days after it was mailed the link in a mail opens its bill "
        "without a log-in; each further mail about the bill counts anew. 0: without "
        "limit. Who may log in is not affected.",
    )

    _billing_link_days_positive = models.Constraint(
        "CHECK(billing_link_days >= 0)",
        "Links work for a number of days, or 0 for no limit.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("billing_email_from", "billing_email_copy")
    def _check_billing_emails(self):
        for company in self:
            self._check_email_address(company.billing_email_from)
            self._check_email_addresses(company.billing_email_copy)

    # === BUSINESS METHODS === #

    @api.model
    def _check_email_addresses(self, addresses):
        """Refuse what is no list of mail addresses, separated by commas.

        :return: the addresses, as mail programs want them
        :rtype: list[str]
        :raise ValidationError: naming the first that is none
        """
        addresses = (addresses or "").replace(";", ",")
        for address in addresses.split(","):
            self._check_email_address(address)
        return email_split_and_format_normalize(addresses)

    def _get_billing_sender(self):
        """Whom billing's mail comes from: the administrative address."""
        self.ensure_one()
        address = email_normalize(self.billing_email_from or self.email or "")
        return formataddr((self.name, address)) if address else False

    def _prepare_billing_mail_vals(self):
        """What all mails of billing have in common: from whom they come, and that the
        message stays with the record, out of the payer's sight, when the mail has gone.

        :return: dict of values of ``mail.mail``
        """
        self.ensure_one()
        vals = {
            "email_cc": ", ".join(self._check_email_addresses(self.billing_email_copy)),
            "message_type": "email_outgoing",
            "subtype_id": self.env.ref("mail.mt_note").id,
            "is_internal": True,
            "is_notification": True,
            "auto_delete": True,
        }
        sender = self._get_billing_sender()
        if sender:
            vals |= {"email_from": sender, "reply_to": sender}
        return vals

    @api.model
    def _trigger_mail_queue(self):
        """Have what was queued sent soon, and not only at the job's next turn."""
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action", False)
        if queue:
            # sudo: whoever may queue a mail may have it sent
            queue.sudo()._trigger()

    # === HELPER METHODS === #

    @api.model
    def _check_email_address(self, address):
        """Refuse what is not one mail address; nothing at all is well."""
        if address and address.strip() and not email_normalize(address):
            raise ValidationError(
                self.env._(
                    "“%s” is not an email address. Example: billing@example.com; "
                    "several are separated by commas.",
                    address.strip(),
                )
            )
