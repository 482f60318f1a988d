from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_date, formataddr


class KaviAccountStatementWizard(models.TransientModel):
    """The statement of an account for a period, read from its ledger (BA-01).

    It is printed, or mailed to the billing contact with the PDF.
    """

    _name = "kavi.account.statement.wizard"
    _description = "Account Statement"
    _inherit = ["kavi.window.mixin", "kavi.document.mixin"]

    partner_id = fields.Many2one(
        "res.partner",
        string="Account",
        required=True,
        domain=[("is_billing_account", "=", True)],
        default=lambda self: self._get_default_partner(),
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: self.env.company._billing_today().replace(month=1, day=1),
    )
    date_to = fields.Date(
        string="To",
        required=True,
        default=lambda self: self.env.company._billing_today(),
    )
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

    @api.model
    def _get_default_partner(self):
        if self.env.context.get("active_model") != "res.partner":
            return False
        return self.env["res.partner"].browse(self.env.context.get("active_id"))

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_recipients(self):
        for wizard in self:
            account = wizard._get_seen_partner().commercial_partner_id
            # sudo: people who may print it need not see all contacts
            contacts = account and account.sudo()._get_mailed_contact()
            wizard.recipients = ", ".join(
                formataddr((contact.name, contact.email)) for contact in contacts or ()
            )

    @api.depends("partner_id", "company_id", "date_from", "date_to")
    def _compute_text(self):
        for wizard in self:
            lang = wizard.partner_id and wizard._get_document_lang()
            translated = wizard.with_context(lang=lang or self.env.lang)
            values = {
                "company": translated.company_id.name,
                "account": translated._get_seen_partner().name or "",
                "first": format_date(translated.env, translated.date_from),
                "last": format_date(translated.env, translated.date_to),
            }
            wizard.subject = translated.env._(
                "%(company)s: account statement", **values
            )
            wizard.body = self.env["ir.qweb"]._render(
                "kavi_billing.mail_account_statement", values, lang=lang or None
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("date_from", "date_to")
    def _check_period(self):
        for wizard in self:
            if wizard.date_from > wizard.date_to:
                raise ValidationError(
                    self.env._("The period ends before it starts: choose a later day.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards._check_own_company()
        return wizards

    def write(self, vals):
        result = super().write(vals)
        self._check_own_company()
        return result

    # === ACTION METHODS === #

    def action_print(self):
        self.check_access("read")
        report = self.env.ref("kavi_billing.action_report_account_statement")
        return report.sudo().report_action(self, config=False)

    def action_send(self):
        """Queue the mail, from billing's address, with a copy to the copy address.

        The account's history keeps it.
        """
        self.ensure_one()
        if not self.env.user.has_group("kavi_billing.group_billing_officer"):
            raise AccessError(self.env._("Only billing officers send statements."))
        self._check_own_company()
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

    # === HELPER METHODS === #

    def _check_own_company(self):
        """Nobody writes on the paper of a company that they do not work in, nor to an
        account that they may not see.

        No constraint: Odoo checks those with superuser rights.
        """
        if self.env.su:
            return  # the payer's page, which has asked whose the account is
        for wizard in self:
            wizard.partner_id.check_access("read")
            if wizard.company_id not in self.env.companies:
                raise AccessError(
                    self.env._(
                        "Choose a company that you work in: a statement is on its "
                        "paper."
                    )
                )

    def _get_seen_partner(self):
        """The account, if the user may see it: while the form is filled in, nothing is
        known of others. (Odoo computes what is stored with superuser rights.)"""
        partner = self.partner_id._origin.sudo(False)._filtered_access("read")
        return partner.with_env(self.env)

    def _get_document_name(self):
        self.ensure_one()
        wizard = self.with_context(lang=self._get_document_lang())
        title = wizard.env._("Account Statement")
        return f"{title} {self.partner_id.name} {self.date_to}".replace("/", "-")

    def _get_document_values(self, document):
        """See ``kavi.document.mixin``; ``sections``: one for each currency."""
        self.ensure_one()
        self._check_own_company()  # as it is now: somebody may have left it
        day = lambda date: format_date(self.env, date)  # noqa: E731
        return {
            "title": self.env._("Account Statement"),
            "number": "",
            "mark": None,
            "account": self.partner_id.sudo(),  # its address, whoever may print it
            "recipient": self.partner_id.sudo().billing_recipient_id,
            "facts": [
                (self.env._("From"), day(self.date_from)),
                (self.env._("To"), day(self.date_to)),
            ],
            "sections": self._get_sections(),
        }

    def _get_sections(self):
        """The ledger by currency: opening balance, documents, closing balance.

        As the user: access rules of the ledger apply.

        :return: list of dicts; amounts are formatted
        """
        Ledger = self.env["kavi.account.ledger"]
        mine = [
            ("partner_id", "=", self.partner_id.commercial_partner_id.id),
            ("company_id", "=", self.company_id.id),
        ]
        opening = dict(
            Ledger._read_group(
                [*mine, ("date", "<", self.date_from)],
                ["currency_id"],
                ["amount:sum"],
            )
        )
        rows = Ledger.search(
            [*mine, ("date", ">=", self.date_from), ("date", "<=", self.date_to)],
            order="date, id",
        )
        # a difference in company currency alone is nothing to the account
        rows = rows.filtered(lambda row: row.kind != "exchange" or row.amount)
        by_currency = rows.grouped("currency_id")
        currencies = self.env["res.currency"].union(*opening, *by_currency)
        kinds = dict(Ledger._fields["kind"]._description_selection(self.env))
        sections = []
        for currency in currencies.sorted(
            lambda currency: (currency != self.company_id.currency_id, currency.name)
        ):
            before = currency.round(opening.get(currency, 0.0))
            documents = by_currency.get(currency, Ledger)
            if not documents and currency.is_zero(before):
                continue
            sections.append(self._prepare_section(currency, before, documents, kinds))
        return sections

    def _prepare_section(self, currency, before, documents, kinds):
        balance, rows = before, []
        for document in documents:
            balance = currency.round(balance + document.amount)
            rows.append(
                {
                    "day": format_date(self.env, document.date),
                    "kind": kinds[document.kind],
                    "reference": document.reference,
                    "text": document.bill_id.display_name or document.label or "",
                    "debit": document.debit and currency.format(document.debit),
                    "credit": document.credit and currency.format(document.credit),
                    "balance": self._format_balance(currency, balance),
                }
            )
        return {
            "currency": currency.name,
            "opening": self._format_balance(currency, before),
            "rows": rows,
            "charged": currency.format(sum(documents.mapped("debit"))),
            "settled": currency.format(sum(documents.mapped("credit"))),
            "closing": self._format_balance(currency, balance),
            "is_owed": currency.compare_amounts(balance, 0.0) > 0,
            "is_in_favor": currency.compare_amounts(balance, 0.0) < 0,
        }

    def _format_balance(self, currency, amount):
        return self._prepare_total(currency, "", amount)["amount"]
