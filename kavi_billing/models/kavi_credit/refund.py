from odoo import fields, models
from odoo.exceptions import UserError


class KaviCredit(models.Model):
    """What is left of a credit, paid out as money (D-03)."""

    _inherit = "kavi.credit"

    # === ACTION METHODS === #

    def action_refund(self):
        """Open the wizard that pays out what is left of these credits."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing.action_kavi_credit_refund_wizard"
        )
        action["context"] = {"active_model": self._name, "active_ids": self.ids}
        return action

    # === BUSINESS METHODS === #

    def _get_refund_methods(self):
        """Hook: the methods by which each of these credits can be paid out."""
        return self.env["kavi.bill"]._get_manual_methods(self.company_id[:1])

    def _refund_in_money(self, method, date=None):
        """Pay out what is left of these credits.

        :param method: the ``kavi.payment.method`` the money goes by
        :param datetime.date date: when; default today
        :return: the posted ``account.payment`` records
        :raise UserError: with the reason; then none of them is paid out
        """
        self._lock_in_state("open")
        self._check_moving_method(method)
        self._check_not_expired()
        date = self.env["kavi.bill"]._check_payment_date(date, method.company_id)
        for credit in self:
            if date < credit.date:
                raise UserError(
                    self.env._(
                        "Credit %(credit)s is of %(day)s: it cannot be paid out before "
                        "that day.",
                        credit=credit.name,
                        day=fields.Date.to_string(credit.date),
                    )
                )
        credits = self._for_books().with_company(method.company_id)
        payments = credits._post_refunds(method.with_env(credits.env), date)
        credits.env.flush_all()
        self._log(
            {
                credit: self.env._(
                    "%(amount)s paid out by %(method)s on %(date)s.",
                    amount=credit.currency_id.format(payment.amount),
                    method=method.name,
                    date=fields.Date.to_string(payment.date),
                )
                for credit, payment in zip(self, payments, strict=True)
            },
            on_account=True,
        )
        return payments

    def _post_refunds(self, method, date):
        """One posted outgoing payment a credit, matched with it; all in one batch."""
        journal = method._get_journal()
        self._check_open_period(method.company_id, journal, date)
        lines = {credit: credit._get_open_lines() for credit in self}
        Payment = self.env["account.payment"].with_context(
            skip_invoice_sync=True, tracking_disable=True
        )
        payments = Payment.create(
            [
                {
                    "payment_type": "outbound",
                    "partner_type": "customer",
                    "partner_id": credit.partner_id.id,
                    "company_id": credit.company_id.id,
                    "journal_id": journal.id,
                    "currency_id": credit.currency_id.id,
                    "amount": -sum(lines[credit].mapped("amount_residual_currency")),
                    "date": date,
                    "memo": self.env._("Refund of credit %s", credit.name),
                    "destination_account_id": lines[credit].account_id[:1].id,
                }
                for credit in self
            ]
        )
        payments.action_post()
        self._match_with_entries(lines, payments.move_id)
        Payment.env.flush_all()
        payments = payments.with_env(self.env)
        self._log_documents(payments)
        return payments
