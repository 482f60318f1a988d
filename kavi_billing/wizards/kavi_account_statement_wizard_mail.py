from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import format_date, formataddr


class KaviAccountStatementWizard(models.TransientModel):
    """The statement by mail: to the billing contact, with the PDF."""

    _inherit = "kavi.account.statement.wizard"

    recipients = fields.Char(
        compute="_compute_recipients",
        store=True,
        readonly=False,
        precompute=True,
        help="Addresses, with commas between them.",
    )
    subject = fields.Char(
        compute="_compute_text", store=True, readonly=False, precompute=True
    )
    body = fields.Html(
        string="Text",
        sanitize="email_outgoing",
        compute="_compute_text",
        store=True,
        readonly=False,
        precompute=True,
    )

    @api.depends("partner_id")
    def _compute_recipients(self):
        for wizard in self:
            account = wizard.partner_id.commercial_partner_id
            # sudo: people who may print it need not see all contacts
            contacts = account and account.sudo()._get_mailed_contact()
            wizard.recipients = ", ".join(
                formataddr((contact.name, contact.email)) for contact in contacts or ()
            )

    @api.depends("partner_id", "company_id", "date_from", "date_to")
    def _compute_text(self):
        for wizard in self:
            lang = wizard.partner_id and wizard._get_document_lang()
            said = wizard.with_context(lang=lang or self.env.lang)
            values = {
                "company": said.company_id.name,
                "account": said.partner_id.name,
                "first": format_date(said.env, said.date_from),
                "last": format_date(said.env, said.date_to),
            }
            wizard.subject = said.env._("%(company)s: account statement", **values)
            wizard.body = self.env["ir.qweb"]._render(
                "kavi_billing.mail_account_statement", values, lang=lang or None
            )

    def action_send(self):
        """Queue the mail, from billing's address, with a copy to the copy address; the
        account's history keeps it."""
        self.ensure_one()
        if not self.env.user.has_group("kavi_billing.group_billing_officer"):
            raise AccessError(self.env._("Only billing officers send statements."))
        company = self.company_id
        recipients = company._check_email_addresses(self.recipients)
        if not recipients:
            raise UserError(self.env._("Enter the address that the statement goes to."))
        common = company._prepare_billing_mail_vals()
        # as the user: what is in it may be seen by whoever sends it
        report = self.env["ir.actions.report"].sudo()
        content, __ = report._render_qweb_pdf(
            "kavi_billing.action_report_account_statement", self.ids
        )
        vals = {
            **common,
            "model": "res.partner",
            "res_id": self.partner_id.id,
            "subject": self.subject,
            "body": self.body,
            "body_html": self.body,
            "email_to": ", ".join(recipients),
            "attachment_ids": [
                Command.create(
                    {
                        "name": f"{self._get_document_name()}.pdf",
                        "raw": content,
                        "mimetype": "application/pdf",
                        "res_model": "res.partner",
                        "res_id": self.partner_id.id,
                    }
                )
            ],
        }
        # sudo: officers need no right to write mails of any other kind
        mail = self.env["mail.mail"].sudo().create(vals)
        company._trigger_mail_queue()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The statement goes to %s.", mail.email_to),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
