from odoo import api, fields, models
from odoo.exceptions import UserError

# What ties an entry to a bill: only the bill's own acts write it.
BILL_LINK = ("kavi_bill_id", "is_kavi_replaced", "is_kavi_surcharge")


class AccountMove(models.Model):
    _inherit = "account.move"

    kavi_bill_id = fields.Many2one(
        "kavi.bill",
        string="Bill",
        copy=False,
        readonly=True,
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        groups="kavi_billing.group_billing_user,account.group_account_readonly,"
        "account.group_account_invoice",
    )

    is_kavi_replaced = fields.Boolean(
        copy=False,
        readonly=True,
        help="An invoice that the bill no longer stands for, or the credit note that "
        "took it back, since the bill's amount was changed.",
    )

    is_kavi_surcharge = fields.Boolean(
        copy=False,
        readonly=True,
        help="A debit invoice over what the payment method adds to the bill.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if any(self.env.context.get(f"default_{name}") for name in BILL_LINK) or any(
            vals.get(name) for vals in vals_list for name in BILL_LINK
        ):
            self._check_bill_link()
        return super().create(vals_list)

    def write(self, vals):
        if set(BILL_LINK) & set(vals):
            self._check_bill_link()
        if "partner_id" in vals or "currency_id" in vals:
            self._check_bill_agrees(vals)
        return super().write(vals)

    def _check_bill_agrees(self, vals):
        """Whom the entry charges and in what currency, the bill has fixed."""
        account = self.env["res.partner"].browse(vals.get("partner_id") or ())
        for bill in self.sudo().kavi_bill_id:
            other_account = (
                "partner_id" in vals
                and account.sudo().commercial_partner_id != bill.partner_id
            )
            other_currency = vals.get("currency_id", bill.currency_id.id)
            if other_account or other_currency != bill.currency_id.id:
                raise UserError(
                    self.env._(
                        "This entry belongs to bill %(bill)s, which asks %(account)s "
                        "for %(currency)s. Cancel the bill and raise a new one to "
                        "change that.",
                        bill=bill.name,
                        account=bill.partner_id.name,
                        currency=bill.currency_id.name,
                    )
                )

    def _check_bill_link(self):
        """Only the bill itself says which entries are its own."""
        if not self.env.su:
            raise UserError(
                self.env._("An entry is not tied to a bill by hand. Issue the bill.")
            )

    def _reverse_moves(self, default_values_list=None, cancel=False):
        # A credit note made in Invoicing belongs to the same bill: otherwise the bill
        # could not see that its debt is gone.
        reverse_moves = super()._reverse_moves(default_values_list, cancel=cancel)
        for move, reverse_move in zip(self.sudo(), reverse_moves.sudo(), strict=True):
            if move.kavi_bill_id:
                reverse_move.kavi_bill_id = move.kavi_bill_id
        return reverse_moves

    def button_draft(self):
        self._check_canceled_bill()
        return super().button_draft()

    def button_cancel(self):
        self._check_canceled_bill()
        return super().button_cancel()

    def _check_canceled_bill(self):
        """Canceled is final (KB-27): its entries stay as they are, and so does what it
        was settled with."""
        settled = self.sudo().line_ids.matched_debit_ids.debit_move_id.move_id
        settled = settled.filtered(lambda move: move.state == "posted")
        for bill in self.sudo().kavi_bill_id | settled.kavi_bill_id:
            if bill.is_canceled:
                raise UserError(
                    self.env._(
                        "Bill %s is canceled, and that is final: its invoice and "
                        "what settled it stay posted. Raise a new bill instead.",
                        bill.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        # a draft that was never posted is nobody's record
        for bill in self.sudo().filtered("posted_before").kavi_bill_id:
            raise UserError(
                self.env._(
                    "This entry belongs to bill %s. Cancel the bill instead: nothing "
                    "that was posted is deleted.",
                    bill.name,
                )
            )

    def action_open_kavi_bill(self):
        self.ensure_one()
        return self.kavi_bill_id._get_records_action()
