from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formataddr


class KaviBillSendWizard(models.TransientModel):
    """Send a template's mail by hand: of one bill to be changed, of many as it is."""

    _name = "kavi.bill.send.wizard"
    _description = "Send A Notice"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "send_notice"

    template_id = fields.Many2one(
        "mail.template",
        required=True,
        default=lambda self: self._get_default_template(),
        domain="[('model', '=', 'kavi.bill')]",
    )
    recipients = fields.Char(
        string="To",
        compute="_compute_recipients",
        store=True,
        readonly=False,
        precompute=True,
        help="Addresses, with commas between them.",
    )
    copy_to = fields.Char()

    @api.model
    def _get_default_template(self):
        """What was sent last of the one bill, so that it is sent again in a click."""
        bills = self._get_opened_bills()
        last = self.env["kavi.notice"]
        if len(bills) == 1:
            last = last.search(
                [("bill_id", "=", bills.id), ("template_id", "!=", False)], limit=1
            )
        reminder = self.env.ref("kavi_billing.mail_template_bill_reminder", False)
        return last.template_id or reminder

    # === COMPUTE METHODS === #

    @api.depends("bill_id")
    def _compute_recipients(self):
        for wizard in self:
            contacts = wizard.bill_id and wizard.bill_id._get_notice_contact()
            wizard.recipients = ", ".join(
                formataddr((contact.name, contact.email)) for contact in contacts or ()
            )

    @api.depends("template_id", "bill_id")
    def _compute_notice_text(self):
        for wizard in self:
            subject = body = False
            model = wizard.template_id.sudo().model
            if wizard.bill_id and model == wizard.bill_id._name:
                subject, body = wizard.bill_id._render_template(wizard.template_id)
            wizard.notice_subject, wizard.notice_body = subject, body

    # === ACTION METHODS === #

    def action_send(self):
        self.ensure_one()
        template = self.template_id
        if template.sudo().model != self.bill_ids._name:
            raise UserError(self.env._("Choose a template that is written for bills."))

        def send(bills):
            bills._lock_for_act(self._act)
            bills._notify_by(template, "custom", **self._get_notice_text())

        return self._perform(send)

    # === HELPER METHODS === #

    def _check_concurrency_token(self, bills):
        """A mail moves no money: it is sent whatever was paid meanwhile."""

    def _get_notice_text(self):
        if not self.bill_id:
            return {}
        check = self.env["res.company"]._check_email_addresses
        recipients = check(self.recipients)
        if not recipients:
            raise UserError(self.env._("Enter the address that the notice goes to."))
        return {
            "recipients": recipients,
            "copy": check(self.copy_to),
            "subject": self.notice_subject,
            "body": self.notice_body,
        }
