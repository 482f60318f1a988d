from contextlib import contextmanager
from copy import deepcopy

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, plaintext2html

from ..tools.notice_events import EVENT_OF_ACT
from ..tools.numbers import find_bad_number


class KaviBillActWizard(models.AbstractModel):
    """What the wizards of all acts share: the bills, the reason, the notice."""

    _name = "kavi.bill.act.wizard"
    _description = "Act On Bills"
    _inherit = ["kavi.window.mixin"]
    # a key of ``bill_rules.ACTS``
    _act = None

    bill_ids = fields.Many2many(
        "kavi.bill",
        string="Bills",
        required=True,
        default=lambda self: self.env["kavi.bill"]._get_wizard_bills(self._act),
    )
    bill_id = fields.Many2one(
        "kavi.bill",
        string="The Bill",
        compute="_compute_bill_id",
    )
    bill_count = fields.Integer(compute="_compute_bill_id")
    left_out = fields.Html(
        string="Left As They Are",
        readonly=True,
        default=lambda self: self._default_left_out(),
        help="Selected bills with which this cannot be done, and why.",
    )
    company_id = fields.Many2one(related="bill_ids.company_id")
    currency_id = fields.Many2one(related="bill_ids.currency_id")
    reason = fields.Char(help="Kept in the bill's history.")
    notify = fields.Boolean(
        string="Notify the Account",
        compute="_compute_notify",
        store=True,
        readonly=False,
        precompute=True,
        help="Mail the account's billing contact what was done, and the reason.",
    )
    edit_notice = fields.Boolean(
        string="Change the Text", help="Read and change the mail first."
    )
    notice_subject = fields.Char(
        string="Subject",
        compute="_compute_notice_text",
        store=True,
        readonly=False,
        precompute=True,
    )
    notice_body = fields.Html(
        string="Text",
        sanitize="email_outgoing",
        compute="_compute_notice_text",
        store=True,
        readonly=False,
        precompute=True,
    )
    notified = fields.Char(
        compute="_compute_notified", help="Whom a notification would reach."
    )
    note = fields.Text(
        string="Activity Note",
        help="Kept in the bill's history, for billing people only.",
    )
    # what the bills were when the wizard was opened; the form sends it back
    concurrency_token = fields.Char(
        default=lambda self: self._get_concurrency_token(self._get_opened_bills())
    )

    @api.model
    def _default_left_out(self):
        bills = self.env["kavi.bill"]
        if len(self._get_opened_bills()) < 2:
            return False
        refused = bills._get_wizard_refused(self._act)
        return bills._format_refused(refused) if refused else False

    # === COMPUTE METHODS === #

    @api.depends("bill_ids")
    def _compute_bill_id(self):
        for wizard in self:
            bills = wizard.bill_ids._filtered_access("read")
            wizard.bill_count = len(bills)
            wizard.bill_id = bills if len(bills) == 1 else False

    @api.depends("bill_ids")
    def _compute_notified(self):
        for wizard in self:
            contacts = self.env["res.partner"]
            for bill in wizard.bill_ids._filtered_access("read"):
                contacts |= bill._get_notice_contact()
            if not contacts:
                wizard.notified = self.env._("nobody: no contact has an address")
            elif len(contacts) == 1:
                wizard.notified = contacts.email
            else:
                wizard.notified = self.env._("%s contacts", len(contacts))

    @api.depends("bill_ids")
    def _compute_notify(self):
        event = EVENT_OF_ACT.get(self._act)
        for wizard in self:
            bills = wizard.bill_ids._filtered_access("read")
            wizard.notify = event and all(
                bill._is_notice_enabled(event) for bill in bills
            )

    @api.depends("edit_notice", "bill_id")
    def _compute_notice_text(self):
        """The mail as it would be, for whoever wants to change it."""
        for wizard in self:
            if wizard.edit_notice and wizard.bill_id and wizard.notify:
                subject, body = wizard.bill_id._render_notice(
                    EVENT_OF_ACT[self._act], wizard._get_notices(wizard.bill_id)
                )
                wizard.notice_subject, wizard.notice_body = subject, body
            else:
                wizard.notice_subject = wizard.notice_body = False

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_numbers(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_numbers([vals])
        return super().write(vals)

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Put the shared parts where a wizard's form asks for them.

        ``<div name="bills" />`` becomes what the group of that name holds in
        ``view_kavi_bill_act_wizard_form``: a view can be inherited by views of its own
        model only.
        """
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            shared = self.env.ref("kavi_billing.view_kavi_bill_act_wizard_form").sudo()
            for part in shared._get_combined_arch().iterfind("group"):
                for place in arch.findall(f".//div[@name='{part.get('name')}']"):
                    for node in part:
                        place.addprevious(deepcopy(node))
                    place.getparent().remove(place)
        return arch, view

    # === HELPER METHODS === #

    @api.model
    def _get_opened_bills(self):
        if self.env.context.get("active_model") != "kavi.bill":
            return self.env["kavi.bill"]
        return self.env["kavi.bill"].browse(self.env.context.get("active_ids") or ())

    @api.model
    def _get_today(self):
        company = self._get_opened_bills().company_id[:1] or self.env.company
        return company._billing_today()

    @api.model
    def _get_concurrency_token(self, bills):
        """The amounts that an act depends on: if one changes, the form is outdated."""
        return " ".join(
            f"{bill.id}:{bill.amount_due}:{bill.amount_retained}"
            for bill in bills.sorted("id")
        )

    @api.model
    def _check_numbers(self, vals_list):
        """Refuse what is no number before Odoo rounds it, with a sentence for people.

        :raise UserError: with the label of the field
        """
        numbers = [
            name
            for name, field in self._fields.items()
            if field.type in ("monetary", "float", "integer")
        ]
        bad = find_bad_number(vals_list, numbers)
        if bad:
            label = self._fields[bad[0]]._description_string(self.env)
            raise UserError(self.env._("%(field)s: enter a number.", field=label))

    def _format_sum(self, field):
        """The sum of ``field`` over the bills, in each of their currencies."""
        return self._format_amounts(
            (bill.currency_id, bill[field]) for bill in self.bill_ids
        )

    @api.model
    def _format_amounts(self, amounts):
        """The sums of ``(currency, amount)`` pairs, currency by currency."""
        sums = {}
        for currency, amount in amounts:
            sums[currency] = sums.get(currency, 0.0) + amount
        return " + ".join(
            currency.format(amount) for currency, amount in sums.items() if amount
        )

    def _get_booking_hint(self, journal, date):
        """Where the books are closed: on which day it will be booked instead.

        :return: a sentence, or ""
        """
        company = self.company_id
        if not (journal and date and company):
            return ""
        bills = self.env["kavi.bill"]
        day = bills._get_booking_day(company, journal.sudo(), date)
        closed = bills._get_closed_until(company, journal.sudo(), date)
        if day == date or not closed:
            return ""
        return self.env._(
            "It will be booked on %(day)s: the books are closed until %(closed)s. "
            "%(date)s stays the day on which the money moved.",
            day=format_date(self.env, day),
            closed=format_date(self.env, closed),
            date=format_date(self.env, date),
        )

    def _format_portions(self, portions):
        """The totals of paying several bills.

        :param dict portions: ``{bill: PaymentQuote}``
        :return: values of ``summary`` and ``surcharge_summary``
        """
        return {
            "summary": self._format_amounts(
                (bill.currency_id, portion.amount_received)
                for bill, portion in portions.items()
            ),
            "surcharge_summary": self._format_amounts(
                (bill.currency_id, portion.surcharge["total"])
                for bill, portion in portions.items()
            ),
        }

    def _perform(self, do, batches=None):
        """Do the act: one bill raises its own error, of several what can be done is
        done, and the rest is reported.

        :param do: function of bills
        :param list batches: bills that stand or fall together; default each by itself
        :return: the action that answers the button
        """
        self.ensure_one()
        bills = self.bill_ids
        batches = [*bills] if batches is None else list(batches)
        refused = {}
        if len(batches) > 1:
            allowed, refused = bills._sort_out(self._act)
            batches = [batch for batch in batches if batch <= allowed]
            bills = bills.browse().concat(*batches)
            for bill in self.bill_ids - bills:
                # what belongs together with one that is refused waits for it
                refused.setdefault(bill, next(iter(refused.values())))
            if not bills:
                bills._raise_refused(refused)

        def act(batch):
            with self._acting(batch):
                do(batch)

        done, more = bills._act_in_bulk(act, batches)
        report = done._get_report_action(refused | more)
        return report or {"type": "ir.actions.act_window_close"}

    @contextmanager
    def _acting(self, bills=None):
        """Around an act: check that it is still allowed before, notify after.

        :param bills: some of the wizard's bills; default all of them
        :raise UserError: when the act is not allowed, or when somebody changed the
            bills while the wizard was open
        """
        self.ensure_one()
        bills = self.bill_ids if bills is None else bills
        bills._check_act(self._act)
        self._check_concurrency_token(bills)
        # before the act changes the bills: the notice says what is about to be done
        event = self.notify and EVENT_OF_ACT.get(self._act)
        send = self._prepare_notices(bills, event) if event else None
        with bills._suppress_auto_notices():
            yield
        if send:
            notices = send()
            unreached = notices.filtered(lambda n: n.state == "undeliverable")
            unreached.bill_id._log_note(
                self.env._("Nobody was notified: the account has no e-mail address.")
            )
        if self.note:
            bills._log_note(plaintext2html(self.note))

    def _check_concurrency_token(self, bills):
        """Refuse bills that somebody changed while the wizard was open."""
        opened = set((self.concurrency_token or "").split())
        now = set(self._get_concurrency_token(bills).split())
        if opened and not now <= opened:
            raise UserError(
                self.env._(
                    "Something was paid or refunded since you opened this window. "
                    "Close it and look at the bill again."
                )
            )

    def _prepare_notices(self, bills, event):
        """Say what is about to be done, and return how to send it when it is done.

        :return: function without arguments that sends the notices and returns them
        """
        values = self._get_notices(bills)
        return lambda: self._get_told_bills(bills)._notify(
            event, values, **self._get_notice_text()
        )

    def _get_told_bills(self, bills):
        """Hook: those of the bills acted on whose accounts are told of it now."""
        return bills

    def _get_notice_text(self):
        """The text as it was edited; notices of several bills are sent as they are."""
        if not (self.edit_notice and self.bill_id and self.notice_body):
            return {}
        return {"subject": self.notice_subject, "body": self.notice_body}

    def _get_notices(self, bills):
        """What the notices say beside the bill, each in its account's language.

        :return: ``{bill id: values}``, see ``kavi.bill._get_notice_values``
        """
        values = {}
        for bill in bills:
            wizard = self.with_context(lang=bill._get_notice_lang() or self.env.lang)
            values[bill._origin.id] = {
                "reason": self.reason,
                **wizard._get_notice(bill.with_env(wizard.env)),
            }
        return values

    def _get_notice(self, bill):
        """Hook: what the notice of one bill says of the act, beside the reason."""
        return {}
