from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import format_date

from odoo.addons.kavi_billing.tools.context import private_value

from ...tools.term import get_elapsed

APPLICATION = "Kavi Members"


class KaviMembership(models.Model):
    """Its bill: raised when the billing step is entered, one for one term (KM-51)."""

    _inherit = "kavi.membership"

    bill_id = fields.Many2one(
        "kavi.bill",
        compute="_compute_bill_id",
        compute_sudo=True,
        groups="kavi_billing.group_billing_user",
    )
    bill_count = fields.Integer(compute="_compute_bill_id", compute_sudo=True)
    # what Members staff without a billing role may know of it
    bill_name = fields.Char(
        string="Bill ID", compute="_compute_bill_id", compute_sudo=True
    )
    bill_state = fields.Char(compute="_compute_bill_id", compute_sudo=True)
    bill_amount_total = fields.Monetary(
        string="Billed", compute="_compute_bill_id", compute_sudo=True
    )
    bill_amount_due = fields.Monetary(
        string="Due", compute="_compute_bill_id", compute_sudo=True
    )

    # === COMPUTE METHODS === #

    @api.depends("kavi_bill_ids.state", "kavi_bill_ids.amount_due")
    def _compute_bill_id(self):
        """The newest bill that is not canceled."""
        labels = dict(self.env["kavi.bill"]._fields["state"].selection)
        for one in self:
            bills = one.kavi_bill_ids.sorted("id", reverse=True)
            bill = bills.filtered(lambda bill: bill.state != "canceled")[:1]
            one.bill_id = bill
            one.bill_count = len(bills)
            one.bill_name = bill.name
            one.bill_state = labels.get(bill.state, False)
            one.bill_amount_total = bill.amount_total
            one.bill_amount_due = bill.amount_due

    # === ACTION METHODS === #

    def action_open_bills(self):
        """The bills of these memberships, for who may see bills."""
        self.check_access("read")
        bills = self.env["kavi.bill"].search(
            [("origin_model", "=", self._name), ("origin_id", "in", self.ids)]
        )
        return bills._get_records_action(name=self.env._("Bills"))

    def action_raise_bill(self):
        """Raise a bill for those whose bill was canceled."""
        self._lock_for_act("raise_bill")
        self._write_facts({"billing": "owed"})
        self._advance()
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _get_billing_application(self):
        return APPLICATION

    def _get_payer(self):
        """Whose account is billed."""
        self.ensure_one()
        return self.payer_id or self.partner_id

    def _bill(self, today):
        """Raise the bills of these memberships, all at once. Who has nothing to pay
        passes the step by itself (KM-25)."""
        unbilled = self.filtered(lambda one: not one.bill_id)
        owing, vals_list = self.browse(), []
        for one in unbilled:
            vals = one._freeze_fee(today)
            if vals:
                owing += one
                vals_list.append(vals)
            else:
                one._write_facts({"billing": "none"})
        if not owing:
            return
        for one in owing:
            payer = one._get_payer()
            # an applicant's account is a pending one until they are accepted (KM-28)
            payer._open_billing_account(pending=payer.kavi_is_pending_member)
        # the form shows the bill itself; whoever is billed later reads it in a mail
        is_shown = private_value(self.env.context, "kavi_bill_is_shown")
        bills = owing._raise_kavi_bills(vals_list, notify=not is_shown)
        for one, bill in zip(owing, bills, strict=True):
            one._log_history("bill", self.env._("Bill %s raised.", bill.name))
            if one.type_id.billing_gate == "issued" or bill.state == "paid":
                one._write_facts({"billing": "settled"})
            one._write_facts({"heard": one._get_heard(bill)})

    def _freeze_fee(self, today):
        """Freeze what the membership costs and, where its end is a common one, until
        when it is.

        :return: the values of its bill; ``None``: there is nothing to pay
        """
        self.ensure_one()
        period, anchor, __ = self._plan(today)
        lines = self._get_fee_lines(today, period)
        total = self.currency_id.round(sum(amount for __, amount, __ in lines))
        vals = {
            "fee_amount": total,
            "fee_text": "\n".join(
                f"{text}: {self.currency_id.format(amount)}"
                for text, amount, __ in lines
            ),
        }
        if self.type_id.term == "fixed":
            vals.update(self._prepare_period_vals(period, anchor))
        self._write_facts(vals)
        if self.currency_id.is_zero(total):
            return None
        return self._prepare_bill_vals(lines)

    def _get_fee_lines(self, day, period):
        """What the membership costs: list of (text, amount, product)."""
        self.ensure_one()
        kind = self.type_id
        fee = kind._get_fee(self.occasion, day)
        text = self._get_line_text(period)
        if self.fee_by_hand:
            return [(text, self.fee_amount, fee.product_id)]
        lines = []
        amount = kind._prorate(fee.amount, period)
        if not self.currency_id.is_zero(amount):
            if self.currency_id.compare_amounts(amount, fee.amount) < 0:
                text = self.env._(
                    "%(text)s (a part of the term; the whole is %(fee)s)",
                    text=text,
                    fee=self.currency_id.format(fee.amount),
                )
            lines.append((text, amount, fee.product_id))
        if self.occasion == "new" and not self.currency_id.is_zero(kind.setup_fee):
            lines.append((self.env._("Set-up fee"), kind.setup_fee, fee.product_id))
        if self._is_late(day) and not self.currency_id.is_zero(kind.late_fee):
            lines.append((self.env._("Late fee"), kind.late_fee, fee.product_id))
        return lines

    def _is_late(self, day):
        self.ensure_one()
        end = self.occasion == "renewal" and self.previous_id.date_end
        return bool(end) and day > fields.Date.add(
            end, days=self.type_id.late_fee_after_days
        )

    def _get_line_text(self, period):
        """Type and term, as the line says them (KM-52)."""
        self.ensure_one()
        kind = self.type_id.with_context(lang=self._get_payer().lang)
        if kind.term == "fixed" and period.end:
            return kind.env._(
                "%(type)s, %(start)s to %(end)s",
                type=kind.name,
                start=format_date(kind.env, period.start),
                end=format_date(kind.env, period.end),
            )
        return kind.env._(
            "%(type)s, %(term)s", type=kind.name, term=kind._get_term_text()
        )

    def _prepare_bill_vals(self, lines):
        """Values for ``kavi.bill._raise_bills``.

        :param list lines: of (text, amount, product)
        """
        self.ensure_one()
        payer, kind = self._get_payer(), self.type_id
        bill_kind = kind.kind_id or self.company_id._get_default_kind()
        title = self.env._("Membership: %s", kind.with_context(lang=payer.lang).name)
        if payer != self.partner_id:
            title = self.env._(
                "%(title)s for %(member)s", title=title, member=self.partner_id.name
            )
        return {
            "partner_id": payer.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "kind_id": bill_kind.id,
            "title": title,
            "line_ids": [
                Command.create(
                    {
                        "name": text,
                        "quantity": 1.0,
                        "price_unit": amount,
                        "product_id": (product or bill_kind.product_id).id,
                    }
                )
                for text, amount, product in lines
            ],
        }

    def _cancel_bills(self, reason):
        """Cancel what is open of their bills; what was paid is an officer's to decide.

        :return: the memberships whose bill was paid, in full or in part
        """
        # sudo: the act on the membership was checked; its bill is part of it
        for one in self._for_books():
            bill = one.bill_id
            paid = not one.currency_id.is_zero(bill.amount_paid)
            if bill.state in ("new", "pending") and not paid:
                bill._cancel(reason)
        return self.filtered(
            lambda one: (
                one.sudo().bill_id
                and not one.currency_id.is_zero(one.sudo().bill_id.amount_retained)
            )
        )

    def _get_replace_aid(self, new_type, day):
        """Figures beside a fee that is typed by hand (KM-40): by days, whatever the
        type's own proration.

        :param datetime.date day: the first one of the new membership
        :return: dict ``elapsed``, ``left`` (shares), ``new_fee`` and ``old_credit``
        """
        self.ensure_one()
        old = self.sudo()
        elapsed = get_elapsed(old._get_own_period(), day)
        left = 1 - elapsed if old.date_end else 0
        fee = new_type._get_fee("replace", day).amount
        return {
            "elapsed": float(elapsed),
            "left": float(left),
            "new_fee": self.currency_id.round(fee * float(left)),
            "old_credit": self.currency_id.round(old.fee_amount * float(left)),
        }
