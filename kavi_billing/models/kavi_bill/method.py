from odoo import models
from odoo.exceptions import UserError

from ...tools.bill_rules import SETTLED


class KaviBill(models.Model):
    """Which payment methods are offered for a bill, and the choice of one."""

    _inherit = "kavi.bill"

    # === ACTION METHODS === #

    def action_choose_method(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_method_wizard")

    # === BUSINESS METHODS === #

    def _get_offered_methods(self):
        """The methods that the payer of this bill may choose, in the company's order.

        Those of the company; of these only what the bill's kind and its terms name, if
        they name any.

        :return: active ``kavi.payment.method`` records of the bill's company
        """
        self.ensure_one()
        methods = self.env["kavi.payment.method"].search(
            [("company_id", "=", self.company_id.id)]
        )
        # sudo: only to choose among those that the user may see
        of_kind = self.sudo().kind_id.method_ids.with_env(self.env)
        if of_kind:
            methods &= of_kind
        of_term = self._get_term_methods()
        return methods & of_term if of_term else methods

    def _choose_method(self, method):
        """Choose the method by which bills will be paid: they become Pending.

        :param method: one ``kavi.payment.method`` that is offered for each of the bills
        :raise UserError: with the reason; then none of them is promised
        """
        self._lock_for_act("choose_method")
        self._check_method(method)
        self._check_offered(method)
        self._write_facts({"payment_method_id": method.id})
        self._log_act(
            "choose_method",
            {bill.id: self.env._("To be paid by %s.", method.name) for bill in self},
        )

    def _drop_promises(self):
        """A bill that ended without any money was paid by no method: what was chosen
        is forgotten, on whatever path it ended."""
        idle = self.filtered(
            lambda bill: (
                bill.payment_method_id
                and bill.state in (*SETTLED, "canceled")
                and bill.currency_id.is_zero(bill.amount_paid)
            )
        )
        idle._write_facts({"payment_method_id": False})

    # === HELPER METHODS === #

    def _get_term_methods(self):
        """The methods that the terms restrict this bill to; none: no restriction."""
        self.ensure_one()
        # sudo: the payer does not see what terms are made of
        term = self.sudo().payment_term_id.with_context(active_test=False)
        return term.billing_method_ids.filtered(
            lambda method: method.company_id == self.company_id
        ).with_env(self.env)

    def _get_off_terms(self, method):
        """Those of these bills whose payment terms name methods, and not this one.

        :rtype: kavi.bill
        """
        found = self.browse()
        for bill in self:
            of_term = bill._get_term_methods()
            if method and of_term and method not in of_term:
                found += bill
        return found

    def _check_terms(self, method):
        """Refuse a method that the payment terms of a bill do not name: they bind those
        who record a payment as they bind the payer, unless somebody says otherwise."""
        for bill in self._get_off_terms(method)[:1]:
            raise UserError(
                self.env._(
                    "The payment terms of bill %(bill)s name %(named)s, not "
                    "%(method)s. If the money has come by %(method)s all the same, say "
                    "so.",
                    bill=bill.name,
                    named=", ".join(bill._get_term_methods().mapped("name")),
                    method=method.name,
                )
            )

    def _get_offer_key(self):
        """What :meth:`_get_offered_methods` depends on.

        Bills that have it in common are offered the same.
        """
        self.ensure_one()
        return self.company_id, self.payment_term_id, self.kind_id, self.currency_id

    def _check_offered(self, method):
        """Refuse a method that is not offered for one of the bills."""
        for bills in self.grouped(lambda bill: bill._get_offer_key()).values():
            offered = bills[:1]._get_offered_methods()
            if method not in offered:
                raise UserError(
                    self.env._(
                        "%(method)s is not offered for bill %(bill)s. Choose one of "
                        "these: %(offered)s.",
                        method=method.name,
                        bill=bills[0].name,
                        offered=", ".join(offered.mapped("name"))
                        or self.env._("none is set up"),
                    )
                )
