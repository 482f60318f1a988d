from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ...tools.const import MAX_DAYS
from ..kavi_bill_instalment import INSTALMENT_STATES


class KaviBill(models.Model):
    """When a bill is to be paid: its terms, its instalments, and how they are moved."""

    _inherit = "kavi.bill"

    # computed: Odoo does not know what has become of the rows of a view
    instalment_ids = fields.One2many(
        "kavi.bill.instalment",
        "bill_id",
        string="Schedule",
        compute="_compute_instalment_ids",
    )
    has_instalments = fields.Boolean(compute="_compute_instalment_ids")
    schedule_preview = fields.Html(
        compute="_compute_schedule_preview",
        sanitize=False,
        help="What would be due when if the bill were issued now.",
    )
    amount_overdue = fields.Monetary(
        string="Overdue Amount",
        compute="_compute_amount_overdue",
        help="What is open on instalments whose day has passed.",
    )

    @api.constrains("payment_term_id")
    def _check_payment_term_id(self):
        for bill in self:
            if bill.payment_term_id and not bill.payment_term_id.line_ids:
                raise ValidationError(bill._get_term_problem())

    # === SCHEDULE === #

    @api.depends("invoice_id", "state", "amount_due", "next_due_date", "due_date")
    def _compute_instalment_ids(self):
        parts = self._read_instalments().grouped("bill_id")
        for bill in self:
            bill.instalment_ids = parts.get(bill._origin)
            bill.has_instalments = len(bill.instalment_ids) > 1

    def _get_schedules(self):
        """What is due when, for drafts and issued bills alike.

        :return: ``{bill: [dict]}``, in the order of days: ``id`` (of the
            ``kavi.bill.instalment``; False on a draft), ``number``, ``due_date``,
            ``amount``, ``is_deposit``, ``amount_paid``, ``amount_due`` (what is open)
            and ``state`` (a key of ``INSTALMENT_STATES``). Amounts are in the bill's
            currency and, on an issued bill, those of the posted invoice. A bill that
            asks nothing has no instalments, nor has one whose invoice is not posted
        """
        schedules = {bill: [] for bill in self}
        for bill in self:
            if not bill.name:
                schedules[bill] = bill._preview_schedule()
        for instalment in self._read_instalments():
            schedules[instalment.bill_id].append(
                {
                    "id": instalment.id,
                    **{
                        name: instalment[name]
                        for name in (
                            "number",
                            "due_date",
                            "amount",
                            "is_deposit",
                            "amount_paid",
                            "amount_due",
                            "state",
                        )
                    },
                }
            )
        return schedules

    def _get_schedule(self):
        """The schedule of one bill, see ``_get_schedules``."""
        self.ensure_one()
        return self._get_schedules()[self]

    def _get_open_instalments(self):
        """What is still to be paid of one bill, the oldest first.

        :return: ``kavi.bill.instalment`` records with superuser rights; none where the
            terms ask for all at once, for then the bill itself says when
        """
        self.ensure_one()
        bill = self.sudo()  # whoever sees a bill sees when it is due
        if len(bill.payment_term_id.line_ids) < 2:
            return bill.env["kavi.bill.instalment"]
        return bill.instalment_ids.filtered("amount_due")

    def _read_instalments(self):
        """The instalments of these bills, as the books are now."""
        Instalment = self.env["kavi.bill.instalment"]
        issued = self._origin.filtered("name")
        if not issued:
            return Instalment
        # the rows of a view do not know what was booked since they were read
        Instalment.invalidate_model()
        names = [name for name, field in Instalment._fields.items() if field.store]
        return Instalment.search_fetch([("bill_id", "in", issued.ids)], names)

    def _preview_schedule(self):
        """The schedule that a draft would have, were it issued now."""
        self.ensure_one()
        Instalment = self.env["kavi.bill.instalment"]
        today = (self.company_id or self.env.company)._billing_today()
        currency = self.currency_id or self.env.company.currency_id
        schedule = [
            {
                "id": False,
                **instalment,
                "amount_paid": 0.0,
                "amount_due": instalment["amount"],
                "state": Instalment._get_state(
                    instalment["due_date"], today, instalment["amount"]
                ),
            }
            for instalment in self._get_draft_instalments(self.bill_date or today)
            if not currency.is_zero(instalment["amount"])
        ]
        return [
            {**instalment, "number": number}
            for number, instalment in enumerate(schedule, start=1)
        ]

    def _get_draft_instalments(self, date):
        """What the terms ask when they start on ``date``; see ``_get_instalments``."""
        self.ensure_one()
        _untaxed, total = self._sum_lines()
        if self._follows_terms() and self.payment_term_id.line_ids:
            return self.payment_term_id._get_instalments(
                date, total, self._get_charges(), self.currency_id
            )
        chosen = date if self._follows_terms() else self.due_date
        return [{"due_date": chosen, "amount": total, "is_deposit": False}]

    def _get_charges(self):
        """How much of a draft each kind of charge asks, taxes included."""
        self.ensure_one()
        charges = {}
        for line in self.line_ids:
            kind = line.charge_kind or "goods"
            charges[kind] = charges.get(kind, 0.0) + line.price_total
        return charges

    def _follows_terms(self):
        """Whether the terms say when the bill is due, or somebody chose a day.

        Instalments that were postponed since are those of the terms still.
        """
        self.ensure_one()
        invoices = self.sudo().move_ids.filtered(
            lambda move: move.move_type == "out_invoice"
        )
        if invoices:
            return any(invoice.invoice_payment_term_id for invoice in invoices)
        date = self.bill_date or self._get_draft_date()
        return not self.due_date or self.due_date == self._get_term_due_date(date)

    @api.depends(
        "bill_date",
        "company_id",
        "currency_id",
        "due_date",
        "line_ids.charge_kind",
        "line_ids.price_total",
        "name",
        "payment_term_id",
    )
    def _compute_schedule_preview(self):
        for bill in self:
            schedule = [] if bill.name else bill._preview_schedule()
            bill.schedule_preview = bill._render_schedule(schedule)

    def _render_schedule(self, schedule):
        """A schedule that is not in the books yet, as a small table."""
        self.ensure_one()
        if not schedule:
            return False
        currency = self.currency_id or self.env.company.currency_id
        row = Markup(
            '<tr><td class="text-muted">{}</td><td>{}</td><td>{}</td>'
            '<td class="text-end text-nowrap">{}</td></tr>'
        )
        badge = Markup('<span class="badge rounded-pill text-bg-info">{}</span>')
        rows = Markup().join(
            row.format(
                instalment["number"],
                format_date(self.env, instalment["due_date"]),
                badge.format(self.env._("Deposit")) if instalment["is_deposit"] else "",
                currency.format(instalment["amount"]),
            )
            for instalment in schedule
        )
        return Markup(
            '<table class="table table-sm mb-0">'
            '<thead><tr><th>{}</th><th>{}</th><th></th><th class="text-end">{}</th>'
            "</tr></thead><tbody>{}</tbody></table>"
        ).format(self.env._("No."), self.env._("Due"), self.env._("Amount"), rows)

    @api.depends("is_overdue", "instalment_ids")
    def _compute_amount_overdue(self):
        for bill in self:
            parts = bill.instalment_ids if bill.is_overdue else ()
            bill.amount_overdue = sum(
                part.amount_due for part in parts if part.state == "overdue"
            )

    # === WHAT THE TERMS ALLOW === #

    def _get_issue_problem(self):
        return super()._get_issue_problem() or self._get_term_problem()

    def _get_term_problem(self):
        """What is wrong with the terms of this draft, as a sentence; "" if nothing."""
        self.ensure_one()
        term = self.payment_term_id
        if term and not term.line_ids:
            return self.env._(
                "the terms %s have no lines, so nothing would ever be due. Choose "
                "other terms, or add a line to them.",
                term.name,
            )
        date = self.bill_date or self.company_id._billing_today()
        first = min((line._get_due_date(date) for line in term.line_ids), default=date)
        if first < date and self._follows_terms():
            return self.env._(
                "the terms %(terms)s ask for money on %(due)s, before the bill is "
                "issued on %(issued)s. Choose other terms.",
                terms=term.name,
                due=format_date(self.env, first),
                issued=format_date(self.env, date),
            )
        return ""

    def _get_term_methods(self):
        """The methods that the terms restrict this bill to; none: no restriction."""
        self.ensure_one()
        # sudo: the payer does not see what terms are made of
        term = self.sudo().payment_term_id.with_context(active_test=False)
        return term.billing_method_ids.filtered(
            lambda method: method.company_id == self.company_id
        ).with_env(self.env)

    def _get_offered_methods(self):
        methods = super()._get_offered_methods()
        restricted = self._get_term_methods()
        return methods & restricted if restricted else methods

    # === MOVING INSTALMENTS === #

    def _postpone(self, date=None, reason=None, instalments=None, days=None):
        """Move what is still open on these bills to other days (KB-85, BB-12).

        :param datetime.date date: the new day of ``instalments``; without them, of the
            last one that is open: the others move by as many days
        :param str reason: kept in the history
        :param instalments: ``kavi.bill.instalment`` records of these bills; default all
        :param int days: instead of ``date``: by how many days all of them move
        :raise UserError: with the reason; then nothing is moved
        """
        self._lock_for_act("postpone")
        self._check_posted()
        # sudo: "postpone" was checked for the bills
        bills = self.sudo()
        plan = bills._plan_postponement(date, instalments and instalments.sudo(), days)
        bodies = bills._describe_postponement(plan, reason)
        items = {
            self.env["account.move.line"].sudo().browse(part.id): day
            for part, day in plan.items()
        }
        bills._move_items(items)
        self.env.flush_all()
        self._log_act("postpone", bodies)

    def _describe_postponement(self, plan, reason):
        """What the history says of instalments that are moved.

        :param dict plan: ``{instalment: day}``
        :return: ``{bill id: text}``
        """
        bodies = {}
        moved_of = self.env["kavi.bill.instalment"].concat(*plan).grouped("bill_id")
        for bill in self:
            moved = moved_of.get(bill, ())
            texts = [
                self.env._(
                    "From %(old)s to %(new)s.",
                    old=format_date(self.env, part.due_date),
                    new=format_date(self.env, plan[part]),
                )
                for part in moved
            ]
            if len(bill.instalment_ids) > 1:
                texts = [
                    self.env._(
                        "Instalment %(number)s: %(text)s", number=part.number, text=text
                    )
                    for part, text in zip(moved, texts, strict=True)
                ]
            bodies[bill.id] = " ".join(filter(None, (*texts, reason)))
        return bodies

    def _plan_postponement(self, date=None, instalments=None, days=None):
        """Where the instalments of these bills go; see ``_postpone``.

        :return: ``{instalment: day}``, all of them open
        :raise UserError: with the reason, for the first that cannot go there
        """
        all_open = self._read_instalments().filtered("amount_due")
        if instalments is not None and not instalments:
            raise UserError(self.env._("Choose the instalments to postpone."))
        if instalments and instalments - all_open:
            raise UserError(
                self.env._(
                    "%s: choose instalments that are still open.",
                    ", ".join(self.mapped("name")),
                )
            )
        plan = {}
        for bill in self:
            open_ = all_open.filtered(lambda part, bill=bill: part.bill_id == bill)
            moved = open_ & instalments if instalments else open_
            if instalments:
                days_by = dict.fromkeys(moved, date)
                for part in moved if date else ():
                    self._check_days((date - part.due_date).days)
            else:
                shift = days or 0
                if days is None and date and open_:
                    shift = (date - open_[-1].due_date).days
                self._check_days(shift)
                days_by = {
                    part: (date or days) and part.due_date + timedelta(days=shift)
                    for part in moved
                }
            bill._check_moved(open_, days_by)
            plan.update(days_by)
        return plan

    def _check_days(self, days):
        """Refuse to move anything by more than a lifetime."""
        if abs(days) > MAX_DAYS:
            raise UserError(
                self.env._(
                    "That is %(years)s years away: look at the date once more.",
                    years=abs(days) * 100 // MAX_DAYS,
                )
            )

    def _check_moved(self, open_, days):
        """Refuse new days before the issue, or that change the order of instalments."""
        self.ensure_one()
        if not days or not all(day and day >= self.bill_date for day in days.values()):
            raise UserError(
                self.env._(
                    "Bill %s cannot be due before it was issued: choose a later date.",
                    self.name,
                )
            )
        before = None
        for part in open_:
            day = days.get(part, part.due_date)
            if before and day < before[1]:
                raise UserError(
                    self.env._(
                        "Instalment %(later)s of bill %(bill)s would be due on "
                        "%(day)s, before instalment %(earlier)s on %(before)s: "
                        "instalments stay in their order. Postpone all of them, or "
                        "choose another date.",
                        bill=self.name,
                        later=part.number,
                        day=format_date(self.env, day),
                        earlier=before[0].number,
                        before=format_date(self.env, before[1]),
                    )
                )
            before = (part, day)

    @api.model
    def _move_items(self, plan):
        """Give receivable items of posted invoices other days.

        :param dict plan: ``{account.move.line: day}``, with the rights to do so
        """
        lines = self.env["account.move.line"].sudo()
        by_day = {}
        for line, day in plan.items():
            by_day[day] = by_day.get(day, lines) | line
        for day, moved in by_day.items():
            moved.filtered(lambda line, day=day: line.date_maturity != day).write(
                {"date_maturity": day}
            )
        for invoice in lines.union(*by_day.values()).move_id:
            items = invoice.line_ids.filtered("date_maturity")
            last = max(items.mapped("date_maturity"))
            if invoice.invoice_date_due != last:
                invoice.invoice_date_due = last

    def _change_lines(self, commands, reason=None):
        """A new invoice keeps the days to which the old one's were postponed."""
        before = self._read_instalments().mapped("due_date")
        result = super()._change_lines(commands, reason)
        after = self._read_instalments()
        if self._follows_terms() and len(after) == len(before):
            items = self.env["account.move.line"].sudo().browse(after.ids)
            self._move_items(dict(zip(items, before, strict=True)))
        return result

    @api.model
    def _get_instalment_labels(self):
        """Names of the instalments' states in the user's language."""
        return {
            **INSTALMENT_STATES,
            "paid": self.env._("Paid"),
            "due": self.env._("Due"),
            "overdue": self.env._("Overdue"),
            "to_come": self.env._("To Come"),
            "canceled": self.env._("Canceled"),
        }
