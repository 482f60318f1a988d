from odoo import fields, models

from ...tools.const import STAFF


class KaviBill(models.Model):
    """The buttons: what a bill opens. What it does is in ``kavi_bill_accounting``."""

    _inherit = "kavi.bill"

    document_ids = fields.Many2many(
        "kavi.account.ledger",
        string="In The Books",
        compute="_compute_document_ids",
        groups=STAFF,
        help="What the bill has caused in the account's ledger, in the order of dates.",
    )

    def _compute_document_ids(self):
        for bill in self:
            # sudo: who sees the bill sees what became of it
            lines = bill.sudo()._get_receivable_lines(bill.sudo()._get_all_moves())
            posted = lines.filtered(lambda line: line.parent_state == "posted")
            posted = posted.sorted(lambda line: (line.date, line.id))
            # the ledger's rows have the ids of the journal items
            bill.document_ids = self.env["kavi.account.ledger"].browse(posted.ids)

    def _get_all_moves(self):
        """Every entry that the bill has caused, payments taken back included.

        Also what settled it without a payment of Odoo's (a bank statement, an entry by
        hand), exchange differences, and taxes that are due when money comes.
        """
        paid = self._get_payments() | self.move_ids.matched_payment_ids
        lines = self._get_receivable_lines(self.move_ids)
        matches = lines.matched_debit_ids | lines.matched_credit_ids
        moves = (
            self.move_ids
            | paid.move_id
            | matches.debit_move_id.move_id
            | matches.credit_move_id.move_id
            | matches.exchange_move_id
            | self.move_ids.tax_cash_basis_created_move_ids
        )
        return moves | moves.reversal_move_ids

    def action_open_moves(self):
        """The bill's invoice and credit notes."""
        return self.move_ids._get_records_action(name=self.env._("Documents"))

    def action_open_payments(self):
        """The bill's payments and refunds, and those that were taken back."""
        payments = self._get_payments() | self.move_ids.matched_payment_ids
        return payments._get_records_action(name=self.env._("Payments"))

    def _get_payments(self):
        """Posted payments and refunds that are matched with the bill's documents."""
        lines = self._get_receivable_lines(self.move_ids)
        matched = (
            lines.matched_debit_ids.debit_move_id
            | lines.matched_credit_ids.credit_move_id
        )
        return matched.move_id.origin_payment_id

    def action_open_entries(self):
        """Every journal item that the bill has caused."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_account_moves_all"
        )
        action.update(
            name=self.env._("Journal Items"),
            domain=[("move_id", "in", self._get_all_moves().ids)],
            context={"search_default_group_by_move": 1, "expand": True},
        )
        return action

    def action_open_account(self):
        """The page of the account that is billed."""
        self.ensure_one()
        return self.partner_id._get_billing_accounts_action()

    def action_choose_method(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_method_wizard")

    def action_complete_payment(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_payment_wizard")

    def action_cancel(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_cancel_wizard")

    def action_refund(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_refund_wizard")

    def action_change_amount(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_amount_wizard")

    def action_dispute(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_dispute_wizard")

    def action_resolve_dispute(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_resolve_wizard")

    def action_postpone(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_postpone_wizard")

    def action_reverse_payment(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_reverse_wizard")

    def _open_wizard(self, xml_id):
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action["context"] = {"active_model": self._name, "active_ids": self.ids}
        return action
