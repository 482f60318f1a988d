from odoo import models


class KaviBill(models.Model):
    """The buttons: what a bill opens. What it does is in ``kavi_bill_accounting``."""

    _inherit = "kavi.bill"

    def action_open_moves(self):
        """The bill's invoice and credit notes."""
        return self.move_ids._get_records_action(name=self.env._("Documents"))

    def action_open_payments(self):
        """The payments that settled the bill."""
        return self._get_payments()._get_records_action(name=self.env._("Payments"))

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
        moves = self.move_ids | self._get_payments().move_id
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_account_moves_all"
        )
        action.update(
            name=self.env._("Journal Items"),
            domain=[("move_id", "in", moves.ids)],
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

    def _open_wizard(self, xml_id):
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action["context"] = {"active_model": self._name, "active_ids": self.ids}
        return action
