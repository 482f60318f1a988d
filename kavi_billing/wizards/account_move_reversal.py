from odoo import models
from odoo.exceptions import UserError


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def modify_moves(self):
        """Reverse and create: for a bill, that is *Change the amount*.

        Here it would end the bill for ever and leave a draft that no bill asks for.
        """
        # sudo: no more is told than the Bill ID on the accountant's own invoice
        bill = self.sudo().move_ids.kavi_bill_id[:1]
        if bill and any(move.move_type == "out_invoice" for move in self.move_ids):
            raise UserError(
                self.env._(
                    "This is the invoice of bill %s. Change the amount on the bill: "
                    "the invoice is reversed, and a new one has the same Bill ID.",
                    bill.name,
                )
            )
        return super().modify_moves()
