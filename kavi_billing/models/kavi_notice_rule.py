from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, formataddr, split_every

BATCH = 100
ATTEMPTS = 3


class KaviNoticeRule(models.Model):
    """A notice by schedule: before, on or after the day on which something is due.

    Each rule writes once about each instalment, ever: the unique row in
    ``kavi.notice`` is written in the transaction that queues the mail. So it does no
    harm when the job runs twice, dies half-way, or runs on two workers at once.
    """

    _name = "kavi.notice.rule"
    _description = "Notice Rule"
    _order = "company_id, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind_ids = fields.Many2many(
        "kavi.bill.kind",
        string="Bill Kinds",
        check_company=True,
        help="Empty: bills of all kinds, and those without.",
    )
    interval_number = fields.Integer(string="Number", default=7)
    interval_unit = fields.Selection(
        [("days", "Days"), ("weeks", "Weeks"), ("months", "Months")],
        string="Unit",
        required=True,
        default="days",
    )
    trigger = fields.Selection(
        [
            ("before", "Before the due date"),
            ("on", "On the due date"),
            ("after", "After the due date"),
        ],
        string="When",
        required=True,
        default="after",
    )
    start_date = fields.Date(
        string="Starting",
        required=True,
        default=fields.Date.context_today,
        help="What would have been sent before this day is not sent, so that a new "
        "rule does not write about all old debts at once.",
    )
    template_id = fields.Many2one(
        "mail.template",
        required=True,
        ondelete="restrict",
        index=True,
        domain="[('model', '=', 'kavi.bill')]",
    )
    to_billing_contact = fields.Boolean(
        string="Billing Contact",
        default=True,
        help="If there is none with an address: the primary contact, else the account.",
    )
    to_primary_contact = fields.Boolean(string="Primary Contact")
    to_company_administrators = fields.Boolean(
        string="Company Administrators", help="All of the account's administrators."
    )
    to_invoice_contacts = fields.Boolean(
        string="Invoice Contacts", help="All contacts of the type Invoice."
    )
    to_billing_administrators = fields.Boolean(
        string="Billing Administrators", help="Our own administrators."
    )
    extra_emails = fields.Char(
        string="Also To", help="More addresses, with commas between them."
    )
    notice_ids = fields.One2many("kavi.notice", "rule_id")
    notice_count = fields.Integer(compute="_compute_notice_count")

    _interval_fits = models.Constraint(
        "CHECK(interval_number > 0 OR trigger = 'on')",
        "Say how many days, weeks or months before or after the due date.",
    )

    # === COMPUTE METHODS === #

    def _compute_notice_count(self):
        counts = dict(
            self.env["kavi.notice"]._read_group(
                [("rule_id", "in", self.ids)], ["rule_id"], ["__count"]
            )
        )
        for rule in self:
            rule.notice_count = counts.get(rule, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("template_id")
    def _check_template_id(self):
        for rule in self:
            if rule.template_id.sudo().model != "kavi.bill":
                raise ValidationError(
                    self.env._("Choose a template that is written for bills.")
                )

    @api.constrains("extra_emails")
    def _check_extra_emails(self):
        for rule in self:
            self.env["res.company"]._check_email_addresses(rule.extra_emails)

    @api.constrains(
        "to_billing_contact",
        "to_primary_contact",
        "to_company_administrators",
        "to_invoice_contacts",
        "to_billing_administrators",
        "extra_emails",
    )
    def _check_recipients(self):
        names = [name for name in self._fields if name.startswith("to_")]
        for rule in self:
            if not rule.extra_emails and not any(rule[name] for name in names):
                raise ValidationError(
                    self.env._("Choose who gets the notices of “%s”.", rule.name)
                )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for rule in self:
            if rule.sudo().notice_count:
                raise UserError(
                    self.env._(
                        "“%s” has sent notices, and they say so: archive it instead. "
                        "Then it sends no more.",
                        rule.name,
                    )
                )

    # === ACTION METHODS === #

    def action_open_notices(self):
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing.action_kavi_notice"
        )
        action.update(domain=[("rule_id", "=", self.id)], context={})
        return action

    # === BUSINESS METHODS === #

    def _get_day(self, due):
        """The day on which the rule writes about something that is due on ``due``."""
        return due + self._get_offset()

    def _get_recipients(self, bill):
        """:return: list of formatted addresses, without repetitions"""
        self.ensure_one()
        account = bill.partner_id
        contacts = account.browse()
        if self.to_billing_contact:
            contacts |= bill._get_notice_contact()
        if self.to_primary_contact:
            contacts |= account.primary_contact_id
        if self.to_company_administrators:
            contacts |= account.billing_admin_ids
        if self.to_invoice_contacts:
            contacts |= account.child_ids.filtered(lambda c: c.type == "invoice")
        if self.to_billing_administrators:
            contacts |= bill._get_administrators().partner_id
        addresses = {
            contact.email_normalized: formataddr(
                (contact.name, contact.email_normalized)
            )
            for contact in contacts
            if contact.active and contact.email_normalized
        }
        extra = self.env["res.company"]._check_email_addresses(self.extra_emails)
        return [*addresses.values(), *(a for a in extra if a not in addresses)]

    # === CRON METHODS === #

    @api.model
    def _cron_send_notices(self):
        """Write what the rules say is due, each rule once for each instalment."""
        todo = []
        # all companies: a job has no chosen ones
        for rules in self.search(Domain.TRUE).grouped("company_id").values():
            ids = sorted({row["bill_id"] for row in rules._find_due()})
            todo += [(rules, batch) for batch in split_every(BATCH, ids)]
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=sum(len(batch) for __, batch in todo))
        failed = defaultdict(self.env["kavi.notice"].browse)
        for rules, batch in todo:
            for notice in rules._try_batch(batch):
                failed[notice.rule_id] += notice
            if not progress._commit_progress(len(batch)):
                break
        for rule, notices in failed.items():
            rule._report_failed(notices)
        progress._commit_progress()

    def _try_batch(self, bill_ids):
        """:return: the notices of the batch that could not be made"""
        for __ in range(ATTEMPTS):
            try:
                return self._send_batch(bill_ids)
            except OperationalError:
                # another worker is at it: look again at what it has left
                self.env.cr.rollback()
                self.env.transaction.reset()
        return self.env["kavi.notice"]

    def _send_batch(self, bill_ids):
        """Queue what is due of these bills, in one transaction with the proof of it."""
        self.env.invalidate_all()
        rows = self._find_due(bill_ids)
        notices = self._insert_notices(rows)
        notices.filtered(lambda notice: notice.state == "queued")._send()
        return notices.filtered(lambda notice: notice.state == "failed")

    # === HELPER METHODS === #

    def _get_offset(self):
        self.ensure_one()
        if self.trigger == "on":
            return relativedelta()
        sign = -1 if self.trigger == "before" else 1
        return relativedelta(**{self.interval_unit: sign * self.interval_number})

    def _get_last_due(self, day):
        """The last due date of which the rule writes on ``day`` or before.

        Months differ in length: what is due on the 28th to the 31st of January has its
        notice "one month after" on the 28th of February.
        """
        due = day - self._get_offset()
        while self._get_day(due) > day:
            due -= timedelta(days=1)
        while self._get_day(due + timedelta(days=1)) <= day:
            due += timedelta(days=1)
        return due

    def _find_due(self, bill_ids=None):
        """What these rules of one company have to write, and have not written yet.

        Of several that were missed, the one that is due last is sent, the others are
        superseded; so is what comes too late (a notice *before* the due date, after
        it). Paid, canceled, refunded, disputed and frozen bills are passed over.

        :param bill_ids: only these bills; default all
        :return: list of dicts: ``rule_id``, ``bill_id``, ``instalment``, ``due_date``,
            ``amount``, ``reason`` ("" for what is to be sent)
        """
        today = self.company_id._billing_today()
        by_part = defaultdict(list)
        for rule_id, bill_id, bill_date, number, due, amount, done in self._select_due(
            today, bill_ids
        ):
            rule = self.browse(rule_id)
            day = rule._get_day(due)
            if day < max(rule.start_date, bill_date) and not done:
                continue
            by_part[bill_id, number].append((day, rule, due, amount, done))
        rows = []
        for (bill_id, number), found in by_part.items():
            last = max(day for day, *__ in found)
            for day, rule, due, amount, done in found:
                if done:
                    continue
                reason = ""
                if day < last:
                    reason = self.env._("A later notice was due as well.")
                elif rule.trigger == "before" and due < today:
                    reason = self.env._("The due date had passed.")
                rows.append(
                    {
                        "rule_id": rule.id,
                        "bill_id": bill_id,
                        "instalment": number,
                        "due_date": due,
                        "amount": amount,
                        "reason": reason,
                    }
                )
        return rows

    def _select_due(self, today, bill_ids=None):
        """The open instalments whose day has come, for each of these rules.

        By the index of open bills by due date, so that the cost follows what is open
        and due, not what there is.
        """
        self.env.flush_all()
        return self.env.execute_query(self._get_due_query(today, bill_ids))

    def _get_due_query(self, today, bill_ids=None):
        rules = SQL(", ").join(
            SQL(
                "(%s, %s::date, %s::int[])",
                rule.id,
                rule._get_last_due(today),
                rule.kind_ids.ids,
            )
            for rule in self
        )
        last_due = max(rule._get_last_due(today) for rule in self)
        return SQL(
            """
            WITH rule (id, last_due, kind_ids) AS (VALUES %(rules)s)
            SELECT rule.id, bill.id, bill.bill_date, part.number, line.date_maturity,
                   line.amount_residual_currency, notice.id IS NOT NULL
              FROM kavi_bill bill
              JOIN account_move move ON move.kavi_bill_id = bill.id
              JOIN account_move_line line ON line.move_id = move.id
              JOIN rule ON line.date_maturity <= rule.last_due
                       AND (rule.kind_ids = '{}' OR bill.kind_id = ANY(rule.kind_ids))
             CROSS JOIN LATERAL (
                   SELECT COUNT(*) AS number
                     FROM account_move_line earlier
                    WHERE earlier.move_id = line.move_id
                      AND earlier.display_type = 'payment_term'
                      AND earlier.amount_currency <> 0
                      AND (earlier.date_maturity, earlier.id)
                          <= (line.date_maturity, line.id)
                   ) part
         LEFT JOIN kavi_notice notice ON notice.rule_id = rule.id
                                     AND notice.bill_id = bill.id
                                     AND notice.instalment = part.number
             WHERE bill.company_id = %(company)s
               AND bill.state IN ('new', 'pending')
               AND bill.next_due_date <= %(last_due)s
               AND bill.is_disputed IS NOT TRUE
               AND bill.is_frozen IS NOT TRUE
               AND move.state = 'posted'
               AND move.move_type = 'out_invoice'
               AND move.is_kavi_replaced IS NOT TRUE
               AND line.display_type = 'payment_term'
               AND line.reconciled IS NOT TRUE
               AND line.amount_currency <> 0
               AND %(chosen)s
          ORDER BY bill.id, part.number, rule.id
            """,
            rules=rules,
            company=self.company_id.id,
            last_due=last_due,
            chosen=(
                SQL("bill.id = ANY(%s)", list(bill_ids)) if bill_ids else SQL("TRUE")
            ),
        )

    def _insert_notices(self, rows):
        """Claim what is to be written: a row that is there already stays alone.

        :return: the new notices
        """
        Notice = self.env["kavi.notice"].sudo()
        if not rows:
            return Notice
        values = SQL(", ").join(
            SQL(
                "(%s, %s, %s, %s::date, %s, %s)",
                row["rule_id"],
                row["bill_id"],
                row["instalment"],
                row["due_date"],
                row["amount"],
                row["reason"] or None,
            )
            for row in rows
        )
        claimed = self.env.execute_query(
            SQL(
                """
                INSERT INTO kavi_notice (
                       rule_id, bill_id, partner_id, company_id, instalment, due_date,
                       amount, event, template_id, date, state, reason,
                       create_uid, create_date, write_uid, write_date)
                SELECT rule.id, bill.id, bill.partner_id, bill.company_id,
                       row.instalment, row.due_date, row.amount, 'reminder',
                       rule.template_id, %(now)s,
                       CASE WHEN row.reason IS NULL THEN 'queued' ELSE 'superseded' END,
                       row.reason, %(user)s, %(now)s, %(user)s, %(now)s
                  FROM (VALUES %(values)s)
                       AS row (rule_id, bill_id, instalment, due_date, amount, reason)
                  JOIN kavi_notice_rule rule ON rule.id = row.rule_id
                  JOIN kavi_bill bill ON bill.id = row.bill_id
              ORDER BY row.bill_id, row.instalment, row.rule_id
                    ON CONFLICT (rule_id, bill_id, instalment)
                       WHERE rule_id IS NOT NULL DO NOTHING
             RETURNING id
                """,
                values=values,
                now=fields.Datetime.now(),
                user=self.env.uid,
            )
        )
        self.env.invalidate_all(flush=False)
        return Notice.browse(id_ for (id_,) in claimed)

    def _report_failed(self, notices):
        """Tell the administrators once, however many bills the rule failed for."""
        self.ensure_one()
        first = notices[:1]
        first.bill_id._alert_administrators(
            self.env._("Notices of “%s” failed", self.name),
            self.env._(
                "%(count)s notices could not be made. The first: %(reason)s They are "
                "listed under Billing → Notices, and can be sent from there.",
                count=len(notices),
                reason=first.reason,
            ),
        )
