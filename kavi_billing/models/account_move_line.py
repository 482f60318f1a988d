from odoo import api, fields, models

from ..tools.const import STAFF
from ..tools.context import private_value
from ..tools.instalments import CHARGES

# What of a posted item an accountant may still change: not on one of a frozen bill.
FROZEN_FIELDS = frozenset(
    "name account_id partner_id date_maturity discount_date debit credit balance "
    "amount_currency currency_id price_unit quantity discount product_id tax_ids "
    "tax_tag_ids kavi_charge_kind is_kavi_deposit".split()
)


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "kavi.protected.mixin"]

    kavi_charge_kind = fields.Selection(
        list(CHARGES.items()),
        string="Kind of Charge",
        readonly=True,
        help="Of a line of a bill: empty is goods or service.",
    )
    is_kavi_deposit = fields.Boolean(string="Deposit", readonly=True, copy=False)
    is_kavi_without_money = fields.Boolean(
        string="Without Money",
        readonly=True,
        copy=False,
        help="In a payment for several bills: what settles one of them by a discount, "
        "or as a small rest that is written off.",
    )

    kavi_settled_bill_id = fields.Many2one(
        "kavi.bill",
        string="Settles Bill",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups=STAFF,
        help="In a payment: the bill that this item settles without money, by a "
        "discount or as a rest that is written off.",
    )

    # === COMPUTE METHODS === #

    def _compute_epd_needed(self):
        """Where a discount on instalments is never granted, no tax is let off."""
        result = super()._compute_epd_needed()
        for line in self:
            move = line.move_id
            if (
                move.invoice_payment_term_id.shares_discount
                and not move._is_discount_granted()
            ):
                line.epd_needed = False
        return result

    # === CRUD METHODS === #

    def write(self, vals):
        if FROZEN_FIELDS & set(vals):
            posted = self.filtered(lambda line: line.parent_state == "posted")
            posted.move_id._check_frozen_bill(settling=True)
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _get_refused_fields(self):
        # these two follow the invoice: with its copy, and with its terms
        return super()._get_refused_fields() - {"kavi_charge_kind", "is_kavi_deposit"}

    def _get_live_matches(self):
        """The matches of these items with entries that are still posted.

        Odoo keeps a match when the other entry is reset to draft or canceled. Such a
        match settles nothing.

        :rtype: account.partial.reconcile
        """
        return self.matched_debit_ids.filtered(
            lambda match: match.debit_move_id.parent_state == "posted"
        ) | self.matched_credit_ids.filtered(
            lambda match: match.credit_move_id.parent_state == "posted"
        )

    def _drop_dead_matches(self):
        """Remove the matches that are not live, which keep items "reconciled" with
        nothing.

        :return: those of these items on which something is open
        """
        matches = self.matched_debit_ids | self.matched_credit_ids
        (matches - self._get_live_matches()).unlink()
        return self.filtered(lambda line: not line.reconciled)

    @api.model
    def _prepare_reconciliation_single_partial(
        self, debit_values, credit_values, shadowed_aml_values=None
    ):
        """Match two items over a chosen amount, when the context holds one for them.

        Odoo always matches as much as fits. To it, we show a credit of just that amount
        and of its share in company currency, as if there had been two credits from the
        start; exchange differences and full matches then come out as they do for any
        other credit.

        The context key ``kavi_match_amounts`` is ``{(debit id, credit id): amount}``,
        the amount in the credit's currency.
        """
        debit, credit = debit_values["aml"], credit_values["aml"]
        amounts = private_value(self.env.context, "kavi_match_amounts", {})
        amount = amounts.get((debit.id, credit.id))
        rest = -credit_values["amount_residual_currency"]
        currency = credit.currency_id
        if amount is None or currency.compare_amounts(amount, rest) >= 0:
            return super()._prepare_reconciliation_single_partial(
                debit_values, credit_values, shadowed_aml_values
            )
        part = {
            **credit_values,
            "amount_residual_currency": -amount,
            "amount_residual": credit.company_currency_id.round(
                credit_values["amount_residual"] * amount / rest
            ),
        }
        shown = dict(part)
        results = super()._prepare_reconciliation_single_partial(
            debit_values, part, shadowed_aml_values
        )
        # the caller goes on counting with its own values
        for name in ("amount_residual", "amount_residual_currency"):
            credit_values[name] += part[name] - shown[name]
        # this pair is done, although the credit is not
        results["credit_values"] = None
        return results
