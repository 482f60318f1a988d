import re

from odoo import models
from odoo.exceptions import UserError

from ...tools.bill_rules import PAYER_ACTS, payer_acts

MAX_NUMBER = 64  # of characters: more than any PO number, less than a letter


class KaviBill(models.Model):
    """What a payer does on the bill's page: the same acts, by the same table.

    Whoever pays has no rights on bills but to read them. So it is asked first whether
    they are a payer of the bill and whether payers may do it now; then it is done with
    superuser rights.
    """

    _inherit = "kavi.bill"

    # === BUSINESS METHODS === #

    def _get_payer_acts(self, roles):
        """What payers in ``roles`` may do with this bill now.

        :return: list of keys of ``bill_rules.PAYER_ACTS``
        """
        self.ensure_one()
        collects = {
            "purchase_order": self.collect_purchase_order,
            "invoice_number": self.collect_invoice_number,
        }
        return [
            act
            for act in payer_acts(
                roles, self.state, self._get_flags(), self._get_acts()
            )
            if collects.get(act, True)
        ]

    def _check_payer_act(self, act, roles):
        """Refuse what the page does not offer.

        :raise UserError: with the reason
        """
        act_of_bill, whose = PAYER_ACTS[act]
        for bill in self:
            if act not in bill._get_payer_acts(roles):
                raise UserError(
                    bill._get_refusal(act_of_bill)
                    or (
                        self.env._("This is not asked for on this bill.")
                        if whose & set(roles)
                        else self.env._(
                            "Your role for this account does not include this."
                        )
                    )
                )

    def _choose_method_as_payer(self, method_id, roles):
        """Choose a manual method as the payer; it may be changed until the bill is paid
        (KB-46).

        :param int method_id: one of those that are offered for each of the bills
        :raise UserError: with the reason
        """
        self._check_payer_act("choose_method", roles)
        method = self._get_common_methods().filtered(lambda m: m.id == method_id)
        if not method:
            raise UserError(self.env._("Choose one of the payment methods offered."))
        # sudo: roles and table were asked, and the method is one that is offered
        self.sudo()._choose_method(method)

    def _check_payable_together(self, roles):
        """Refuse bills that cannot be paid together with one method and one sum.

        :raise UserError: with the reason
        """
        if (
            len(self.partner_id) > 1
            or len(self.company_id) > 1
            or len(self.currency_id) > 1
        ):
            raise UserError(
                self.env._(
                    "Choose bills of one account, from one company and in one currency."
                )
            )
        self._check_payer_act("choose_method", roles)

    def _get_payment_options(self):
        """What it takes to pay what is due on these bills today, by each manual method.

        :return: list of dicts in the bills' one currency: "method", "amount" (for the
            debt), "surcharge", "discount" (for paying early) and "total" (what the
            payer pays)
        """
        bills, rates = self.sudo(), {}  # payers see what the methods cost them
        options = []
        for method in self._get_common_methods():
            portions = [bill._quote_payment(method, rates=rates) for bill in bills]
            option = {
                "amount": sum(portion.amount for portion in portions),
                "surcharge": sum(portion.surcharge["total"] for portion in portions),
                "discount": sum(portion.discount for portion in portions),
                "total": sum(portion.amount_received for portion in portions),
            }
            options.append(
                {
                    "method": method,
                    **{key: self.currency_id.round(x) for key, x in option.items()},
                }
            )
        return options

    def _get_common_methods(self):
        """The manual methods that are offered for every one of these bills."""
        bills = self.sudo()  # payers see names and instructions of what is offered
        common = None
        for batch in bills.grouped(lambda bill: bill._get_offer_key()).values():
            offered = batch[:1]._get_offered_methods()
            common = offered if common is None else common & offered
        return (common or bills.payment_method_id.browse()).filtered(
            lambda method: method.kind == "manual"
        )

    def _write_payer_number(self, act, value, roles):
        """The payer's own number for the bill: PO number or invoice number.

        :param str act: "purchase_order" or "invoice_number", also the field
        :raise UserError: with the reason
        """
        self._check_payer_act(act, roles)
        value = re.sub(r"\s+", " ", value or "").strip()
        if len(value) > MAX_NUMBER or not value.isprintable():
            raise UserError(
                self.env._("Enter a number of at most %s characters.", MAX_NUMBER)
            )
        bill = self.sudo()  # roles and table were asked
        if (bill[act] or "") != value:
            bill.write({act: value or False})

    def _get_payment_actions(self):
        """Hook: ways to pay these bills at once, beside the manual methods.

        :return: list of dicts: "label" and "url" of a button
        """
        return []

    def _get_payment_progress(self):
        """Hook: what is under way, so that this bill cannot be paid just now.

        :return: a sentence for the payer, "" when nothing is
        """
        return ""
