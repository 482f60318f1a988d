from contextlib import contextmanager
from contextvars import ContextVar

from odoo import fields, models
from odoo.tools import format_date

from ...tools.bill_rules import OPEN
from ...tools.context import Private, bookkeeping_context, private_value
from ...tools.notice_events import EVENTS

# Ids of bills for which no automatic notices are sent in this context.
_auto_notices_suppressed = ContextVar("kavi_bill_answered", default=frozenset())


class KaviBill(models.Model):
    """Notices: mails to the account at events of a bill (KB-54 ... KB-57)."""

    _inherit = "kavi.bill"

    notice_ids = fields.One2many(
        "kavi.notice",
        "bill_id",
        string="Notices",
        groups="kavi_billing.group_billing_user",
    )
    notice_count = fields.Integer(
        compute="_compute_notice_count", groups="kavi_billing.group_billing_user"
    )

    # === COMPUTE METHODS === #

    def _compute_notice_count(self):
        counts = dict(
            self.env["kavi.notice"]._read_group(
                [("bill_id", "in", self.ids)], ["bill_id"], ["__count"]
            )
        )
        for bill in self:
            bill.notice_count = counts.get(bill, 0)

    # === ACTION METHODS === #

    def action_send_notice(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_send_wizard")

    def action_open_notices(self):
        """What was sent of the bill, and what could not be."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing.action_kavi_notice"
        )
        action.update(domain=[("bill_id", "in", self.ids)], context={})
        return action

    # === BUSINESS METHODS === #

    def _notify(self, event, values=None, others=None, **text):
        """Tell the accounts of these bills what happened.

        The mails are queued; accounts without an address are listed for the officer.

        :param str event: a key of ``notice_events.EVENTS``
        :param dict values: ``{bill id: values}``, see :meth:`_get_notice_values`
        :param dict others: ``{bill id: bills}``: further bills in the mail of a bill
        :param text: ``subject`` and ``body``, if somebody changed them
        :return: the notices
        """
        template = self.env.ref(f"kavi_billing.{EVENTS[event].template}", False)
        return self._notify_by(template, event, values, others, **text)

    def _notify_by(self, template, event, values=None, others=None, **text):
        """Send a template's mail for each of these bills: see :meth:`_notify`."""
        # su: the act was checked; the log is written by nobody
        env = self.env(su=True, context=bookkeeping_context(self.env.context))
        notices = (
            env["kavi.notice"]
            .with_context(kavi_notice_values=Private(values or {}))
            .create(
                [
                    {
                        "bill_id": bill.id,
                        "other_bill_ids": [
                            fields.Command.set(
                                (others or {}).get(bill.id, bill[:0]).ids
                            )
                        ],
                        "event": event,
                        "told": (values or {}).get(bill.id) or False,
                        "template_id": template and template.id,
                    }
                    for bill in self
                ]
            )
        )
        notices._send(**text)
        return notices

    def _notify_new(self):
        """Mail bills that were just issued, unless nothing is due."""
        self.filtered(
            lambda bill: bill._is_payable() and bill._is_notice_enabled("new")
        )._notify("new")

    def _send_receipts(self):
        """Mail receipts of bills that were just paid, by whatever means (KB-54)."""
        self._filter_unanswered().filtered(
            lambda bill: (
                not bill.currency_id.is_zero(bill.amount_total)
                and bill._is_notice_enabled("receipt")
            )
        )._notify("receipt")

    def _render_notice(self, event, values=None):
        """The mail of one bill as it would be now, to be changed by somebody.

        :return: subject and body
        """
        template = self.env.ref(f"kavi_billing.{EVENTS[event].template}", False)
        return self._render_template(template, values)

    @contextmanager
    def _suppress_auto_notices(self):
        """Send no automatic notices of these bills: the caller sends its own."""
        token = _auto_notices_suppressed.set(
            _auto_notices_suppressed.get() | frozenset(self.ids)
        )
        try:
            yield
        finally:
            _auto_notices_suppressed.reset(token)

    # === HELPER METHODS === #

    def _filter_unanswered(self):
        """Those of these bills whose notices nobody sends already."""
        answered = _auto_notices_suppressed.get()
        return self.filtered(lambda bill: bill.id not in answered)

    def _is_notice_enabled(self, event):
        """Whether the account is told of ``event`` unless somebody says otherwise."""
        self.ensure_one()
        bill = self.sudo()  # the payer's acts are told, too; they see no kinds
        if event == "new" and not bill.company_id.billing_notify_new_bill:
            return False
        rule = EVENTS[event]
        return bill.kind_id[rule.switch] if bill.kind_id else rule.default

    def _get_notice_contact(self):
        """Who gets the bill's mail: the first of billing contact, primary contact and
        the account itself that has an address (KB-06)."""
        self.ensure_one()
        # sudo: whoever acts on a bill may write to its account
        return self.sudo().partner_id._get_mailed_contact()

    def _get_notice_lang(self):
        """The language in which the account is written to, or False."""
        self.ensure_one()
        return self._get_notice_contact().lang or self.sudo().partner_id.lang

    def _get_notice_values(self):
        """What the text of a notice may say beside the bill itself.

        An act says what it did: the ``kavi_notice_values`` of the context.

        :return: dict of texts in the reader's language, or False: ``reason`` that
            somebody gave; ``amount`` that was paid, ``over`` what was asked and is now
            a credit of the account, ``bills`` that one payment was for (dicts of
            ``name``, ``title`` and ``amount``) and their ``names``,
            ``refund`` that was made,
            ``returned`` payment; ``old_total``, ``new_total``, ``new_date`` (of one
            ``part``), or ``days`` later, of a changed bill; ``due`` and ``due_date``,
            what is to be paid next and when; ``parts``, how many instalments that are
            open, and ``all_due``, what they come to: of a bill with several
        """
        self.ensure_one()
        money = self.currency_id.format
        parts = self._get_open_instalments()
        due, due_date = self.amount_to_pay, self.next_due_date or self.due_date
        if len(parts) > 1:
            due = parts[0].amount_due
        refund = not self.currency_id.is_zero(self.refund_amount)
        values = dict.fromkeys(("reason", "returned", "over", "bills"), False)
        values |= dict.fromkeys(("old_total", "new_total"), False)
        values |= dict.fromkeys(("new_date", "part", "days"), False)
        values |= {
            "names": self.name,
            "amount": money(self.amount_paid),
            "refund": refund and money(self.refund_amount),
            "due": money(due),
            "due_date": due_date and format_date(self.env, due_date),
            "parts": len(parts) > 1 and len(parts),
            "all_due": len(parts) > 1 and money(self.amount_due),
        }
        given = private_value(self.env.context, "kavi_notice_values", {})
        return values | given.get(self.id, {})

    def _is_payable(self):
        """Whether a mail asks for money: then it has a button to pay."""
        self.ensure_one()
        return self.state in OPEN and not self.currency_id.is_zero(self.amount_due)

    def _render_template(self, template, values=None):
        self.ensure_one()
        if not template:
            return False, False
        # sudo: the text says what the payer may know, whoever sends it
        template = template.sudo().with_context(
            kavi_notice_values=Private(values or {})
        )
        id_ = self._origin.id  # in a window that is open, the bill is no record yet
        text = template._generate_template([id_], ("subject", "body_html"))[id_]
        return text["subject"], text["body_html"]
