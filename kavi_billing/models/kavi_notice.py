import json
import logging
from collections import Counter, defaultdict

from psycopg2 import OperationalError

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formataddr

from ..tools.context import Private, private_value
from ..tools.notice_events import EVENTS

_logger = logging.getLogger(__name__)

LAYOUT = "kavi_billing.mail_layout_bill"
RENDERED = ("subject", "body_html", "attachment_ids", "report_template_ids")


class KaviNotice(models.Model):
    """The log: each mail about a bill, at an event, by a rule or by hand.

    For a rule it is the proof, too: one row for each rule and instalment, ever, which
    is written in the transaction that queues the mail.
    """

    _name = "kavi.notice"
    _inherit = ["kavi.protected.mixin", "kavi.bulk.mixin"]
    _description = "Notice"
    _order = "date desc, id desc"

    bill_id = fields.Many2one(
        "kavi.bill", required=True, readonly=True, ondelete="cascade", index=True
    )
    other_bill_ids = fields.Many2many(
        "kavi.bill",
        "kavi_notice_other_bill_rel",
        string="Also About",
        readonly=True,
        help="Further bills of one payment: the mail lists them all, and brings the "
        "document of each.",
    )
    partner_id = fields.Many2one(
        related="bill_id.partner_id", store=True, string="Account"
    )
    company_id = fields.Many2one(related="bill_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="bill_id.currency_id")
    event = fields.Selection(
        [
            *((name, event.label) for name, event in EVENTS.items()),
            ("reminder", "Reminder"),
            ("custom", "Sent by Hand"),
        ],
        required=True,
        readonly=True,
    )
    rule_id = fields.Many2one(
        "kavi.notice.rule", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    instalment = fields.Integer(
        readonly=True, help="Which part of the bill it reminds of, counted from 1."
    )
    due_date = fields.Date(readonly=True, help="When that part is due.")
    amount = fields.Monetary(readonly=True, help="What was open of that part.")
    told = fields.Json(
        readonly=True,
        groups="base.group_system",
        help="What the act had to say beside the bill, to say it when sent again.",
    )
    template_id = fields.Many2one(
        "mail.template", readonly=True, ondelete="set null", index="btree_not_null"
    )
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    recipients = fields.Char(readonly=True)
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("sent", "Sent"),
            ("failed", "Failed"),
            ("undeliverable", "Undeliverable"),
            ("superseded", "Superseded"),
        ],
        required=True,
        readonly=True,
        default="queued",
        help="Undeliverable: nobody of the account has an address. Superseded: a later "
        "notice said the same, so this one was left out.",
    )
    reason = fields.Char(readonly=True)
    mail_id = fields.Many2one(
        "mail.mail",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_system",
    )
    message_id = fields.Many2one(
        "mail.message", readonly=True, ondelete="set null", index="btree_not_null"
    )
    subject = fields.Char(related="message_id.subject")
    body = fields.Html(related="message_id.body")

    _once = models.UniqueIndex(
        "(rule_id, bill_id, instalment) WHERE rule_id IS NOT NULL",
        "This rule has written about this part of the bill before.",
    )
    _trouble_idx = models.Index(
        "(company_id, date) WHERE state IN ('failed', 'undeliverable')"
    )

    # === COMPUTE METHODS === #

    def _compute_display_name(self):
        labels = dict(self._fields["event"]._description_selection(self.env))
        for notice in self:
            notice.display_name = f"{labels[notice.event]}: {notice.bill_id.name}"

    # === ACTION METHODS === #

    def action_send_again(self):
        """Send these notices once more, with what the bills say now (BB-13); those
        whose bill refuses are reported.

        :raise UserError: when none can be sent
        """
        done, refused = self._act_in_bulk(lambda notices: notices._send_again())
        return done._get_report_action(refused) or True

    # === BUSINESS METHODS === #

    def _send_again(self):
        """Each says again what its act had to say, and lists the bills that it listed;
        of notices that say the same, one is sent.

        :raise UserError: when a bill refuses
        """
        (self.bill_id | self.other_bill_ids)._lock_for_act("send_notice")
        mailed = self.sudo()  # what was said already
        batches, known = defaultdict(mailed.browse), Counter()
        same = lambda notice: (  # noqa: E731
            notice.template_id,
            notice.event,
            notice.bill_id,
            notice.other_bill_ids,
            json.dumps(notice.told, sort_keys=True),
        )
        for (template, event, bill, *_said), notices in mailed.grouped(same).items():
            # a bill is once in a batch: its payments have a receipt each
            turn = known[template, event, bill]
            known[template, event, bill] += 1
            batches[template, event, turn] += notices[-1:]
        for (template, event, _turn), notices in batches.items():
            notices.bill_id.with_env(self.env)._notify_by(
                template,
                event,
                {notice.bill_id.id: notice.told or {} for notice in notices},
                {notice.bill_id.id: notice.other_bill_ids for notice in notices},
            )

    def _send(self, **text):
        """Queue the mails of these notices; what cannot be made is marked as failed.

        :param text: ``subject`` and ``body`` instead of the template's; ``recipients``
            and ``copy``, lists of addresses, instead of the usual ones
        """
        recipients = {notice: notice._get_recipients(text) for notice in self}
        reached = self.filtered(lambda notice: recipients[notice])
        (self - reached).write(
            {
                "state": "undeliverable",
                "reason": self.env._("Nobody of the account has an e-mail address."),
            }
        )
        for notice in reached:
            notice.recipients = ", ".join(recipients[notice])
        seen = Counter()
        rounds = defaultdict(self.browse)
        for notice in reached:
            # a template is rendered once for a bill: parts of one bill take turns
            key = (notice.template_id, notice.bill_id)
            rounds[notice.template_id, seen[key]] += notice
            seen[key] += 1
        for (template, __), notices in rounds.items():
            notices._send_with_template(template, text)
        if any(notice.state == "queued" for notice in self):
            self.env["res.company"]._trigger_mail_queue()

    def _set_failed(self, reason):
        self.write({"state": "failed", "reason": str(reason)[:500]})

    def _get_documents(self):
        """The bills whose documents go with the mail, and which document.

        :return: list of (bill, a key of ``bill_rules.DOCUMENTS``)
        """
        document = self._get_document()
        if not document:
            return []
        others = self.other_bill_ids.filtered(
            lambda bill: not bill._get_document_refusal(document)
        )
        return [(bill, document) for bill in self.bill_id | others]

    def _get_document(self):
        """Which document goes with the mail, or "" for none.

        That of the template, also when somebody sends it by hand.
        """
        if not self or not self.company_id.billing_attach_documents:
            return ""
        for event in EVENTS.values():
            template = self.env.ref(f"kavi_billing.{event.template}", False)
            if event.document and template and template == self.template_id:
                if not self.bill_id._get_document_refusal(event.document):
                    return event.document
        return ""

    # === HELPER METHODS === #

    def _send_with_template(self, template, text):
        """Queue the mails of one template.

        If that fails, each half is tried by itself, down to the notice that cannot be
        made: it is marked as failed.
        """
        try:
            with self.env.cr.savepoint():
                self._queue_mails(template, text)
        except OperationalError:
            raise  # a conflict with somebody else: all is tried again
        except Exception as error:
            if len(self) == 1:
                _logger.info("Notice of bill %s: %s", self.bill_id.name, error)
                self._set_failed(error)
                return
            half = len(self) // 2
            self[:half]._send_with_template(template, text)
            self[half:]._send_with_template(template, text)

    def _queue_mails(self, template, text):
        if not template.exists():
            raise UserError(self.env._("The template of this notice is gone."))
        bills = self.bill_id
        values = self._get_rendering_values()
        template = template.with_context(kavi_notice_values=Private(values))
        if set(text) >= {"subject", "body"}:
            rendered = {
                bill.id: {"subject": text["subject"], "body_html": text["body"]}
                for bill in bills
            }
        else:
            rendered = template._generate_template(bills.ids, RENDERED)
        vals_list = [
            notice._prepare_mail_vals(template, rendered[notice.bill_id.id], text)
            for notice in self
        ]
        attachments = [vals.pop("attachments", None) for vals in vals_list]
        mails = self.env["mail.mail"].create(vals_list)
        for notice, mail, files in zip(self, mails, attachments, strict=True):
            notice.write(
                {
                    "mail_id": mail.id,
                    "message_id": mail.mail_message_id.id,
                }
            )
            for name, datas in files or ():
                mail.attachment_ids += self.env["ir.attachment"].create(
                    {
                        "name": name,
                        "datas": datas,
                        "res_model": "mail.message",
                        "res_id": mail.mail_message_id.id,
                    }
                )
        self.env.flush_all()

    def _get_rendering_values(self):
        """What the texts may say beside the bills: see ``_get_notice_values``."""
        values = dict(private_value(self.env.context, "kavi_notice_values", {}))
        for notice in self.filtered("due_date"):
            lang = notice.bill_id._get_notice_lang() or self.env.lang
            env = self.with_context(lang=lang).env
            values[notice.bill_id.id] = {
                "due": notice.currency_id.with_env(env).format(notice.amount),
                "due_date": format_date(env, notice.due_date),
                # it is about this one
                "parts": False,
            }
        return values

    def _get_recipients(self, text):
        """:return: list of formatted addresses, without repetitions"""
        self.ensure_one()
        if text.get("recipients"):
            return text["recipients"]
        if self.rule_id:
            return self.rule_id._get_recipients(self.bill_id)
        contact = self.bill_id._get_notice_contact()
        return [
            formataddr((contact.name, contact.email_normalized or contact.email))
            for contact in contact
        ]

    def _prepare_mail_vals(self, template, rendered, text):
        """Values of one queued mail.

        The history of the bill keeps the text; the links that open the bill without a
        log-in are in what is mailed, and go when it is sent.
        """
        self.ensure_one()
        bill = self.bill_id
        company = bill.company_id
        lang = bill._get_notice_lang() or self.env.lang
        vals = company._prepare_billing_mail_vals()
        copies = filter(None, (*(text.get("copy") or ()), vals["email_cc"]))
        return {
            **vals,
            "model": bill._name,
            "res_id": bill.id,
            "subject": " ".join((rendered["subject"] or "").split()),
            "body": bill._hide_link(rendered["body_html"]),
            "body_html": template.with_context(lang=lang)._render_encapsulate(
                LAYOUT,
                rendered["body_html"],
                add_context={"company": company, "lang": lang},
                context_record=bill.with_context(lang=lang),
            ),
            "email_to": self.recipients,
            "email_cc": ", ".join(copies),
            "partner_ids": [fields.Command.set(bill._get_notice_contact().ids)]
            if not self.rule_id and not text.get("recipients")
            else [],
            "attachments": rendered.get("attachments"),
            "attachment_ids": [
                fields.Command.link(id_) for id_ in rendered.get("attachment_ids") or ()
            ],
        }
