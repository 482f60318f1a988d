from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ...tools.bill_rules import OPEN
from ...tools.const import MAX_DAYS


class KaviBill(models.Model):
    """When a bill is to be paid: due date, instalments, overdue, and postponement."""

    _inherit = "kavi.bill"

    due_date = fields.Date(
        compute="_compute_due_date",
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
    )
    is_overdue = fields.Boolean(
        string="Overdue", compute="_compute_is_overdue", search="_search_is_overdue"
    )
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

    # === COMPUTE METHODS === #

    @api.depends("payment_term_id", "bill_date", "invoice_id.line_ids.date_maturity")
    def _compute_due_date(self):
        for bill in self:
            if bill.invoice_id.state == "posted":
                # not invoice_date_due: Odoo computes that anew from the term whenever
                # something is matched, and a postponed date would be forgotten
                items = self._get_receivable_lines(bill.invoice_id)
                days = [day for day in items.mapped("date_maturity") if day]
                bill.due_date = max(days, default=bill.invoice_id.invoice_date_due)
            elif bill.name:
                bill.due_date = bill.due_date
            else:
                bill.due_date = bill._get_term_due_date(bill._get_draft_date())

    @api.depends("state", "next_due_date", "amount_due", "company_id")
    def _compute_is_overdue(self):
        today = {company: company._billing_today() for company in self.company_id}
        for bill in self:
            bill.is_overdue = bool(
                bill.state in OPEN
                and bill.next_due_date
                and bill.next_due_date < today[bill.company_id]
            )

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        if set(value) != {True}:
            return Domain.TRUE if set(value) == {True, False} else NotImplemented
        by_day = self.env["res.company"]._get_billing_days()
        return Domain("state", "in", OPEN) & Domain.OR(
            Domain("company_id", "in", ids) & Domain("next_due_date", "<", day)
            for day, ids in by_day.items()
        )

    @api.depends("invoice_id", "state", "amount_due", "next_due_date", "due_date")
    def _compute_instalment_ids(self):
        parts = self._read_instalments().grouped("bill_id")
        for bill in self:
            bill.instalment_ids = parts.get(bill._origin)
            bill.has_instalments = len(bill.instalment_ids) > 1

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

    # === CONSTRAINT METHODS === #

    @api.constrains("due_date", "bill_date")
    def _check_due_date(self):
        for bill in self:
            if bill.bill_date and bill.due_date and bill.due_date < bill.bill_date:
                raise ValidationError(
                    self.env._(
                        "%(bill)s is due on %(due)s, before it is issued on "
                        "%(issued)s: choose a later due date.",
                        bill=bill.display_name,
                        due=format_date(self.env, bill.due_date),
                        issued=format_date(self.env, bill.bill_date),
                    )
                )

    @api.constrains("payment_term_id")
    def _check_payment_term_id(self):
        for bill in self:
            if bill.payment_term_id and not bill.payment_term_id.line_ids:
                raise ValidationError(bill._get_term_problem())

    # === ACTION METHODS === #

    def action_postpone(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_postpone_wizard")

    # === BUSINESS METHODS === #

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
        bills = self._for_books()
        instalments = instalments and instalments.with_env(bills.env)
        plan = bills._plan_postponement(date, instalments, days)
        bodies = bills._describe_postponement(plan, reason)
        items = {
            bills.env["account.move.line"].browse(part.id): day
            for part, day in plan.items()
        }
        bills._move_items(items)
        bills.env.flush_all()
        self._log_act("postpone", bodies)

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

    def _sync_invoice_due_date(self):
        """Carry due dates that were edited to the posted invoices."""
        # "edit" was checked for the bills
        books = self._for_books()
        plan = {}
        for bill in books:
            invoice = bill.invoice_id
            if not bill.due_date or invoice.state != "posted":
                raise UserError(
                    self.env._(
                        "Bill %s has no posted invoice: its due date cannot be moved.",
                        bill.name,
                    )
                )
            items = self._get_receivable_lines(invoice)
            if len(items) > 1:
                raise UserError(
                    self.env._(
                        "Bill %s is paid in instalments: move one of them, or all, "
                        "with Postpone.",
                        bill.name,
                    )
                )
            plan[items] = bill.due_date
        books._move_items(plan)

    def _restore_due_dates(self, days):
        """Give the instalments of a new invoice the days of the former one's.

        :param list days: of the instalments, in their order
        """
        self.ensure_one()
        parts = self._read_instalments()
        if self._follows_terms() and len(parts) == len(days):
            items = self.env["account.move.line"].browse(parts.ids)
            self._move_items(dict(zip(items, days, strict=True)))

    # === HELPER METHODS === #

    def _get_draft_date(self):
        """The day from which a draft's terms are counted until it is issued."""
        self.ensure_one()
        if self.bill_date:
            return self.bill_date
        company = self.company_id or self.env.company
        return company._billing_today(self.create_date or None)

    def _get_term_due_date(self, date):
        """The last day that the bill's terms allow when they start on ``date``."""
        self.ensure_one()
        return max(
            (line._get_due_date(date) for line in self.payment_term_id.line_ids),
            default=date,
        )

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
        """Refuse to move anything by more than a hundred years."""
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
        lines = self.env["account.move.line"]
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
