from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """The entry behind a credit (BB-10, BB-14)."""

    _inherit = "account.move"

    kavi_credit_ids = fields.One2many(
        "kavi.credit",
        "move_id",
        string="Credit",
        readonly=True,
        copy=False,
        groups="account.group_account_readonly,account.group_account_invoice",
    )

    def write(self, vals):
        if "partner_id" in vals or "currency_id" in vals:
            self._check_credit_agrees(vals)
        return super().write(vals)

    def _check_credit_agrees(self, vals):
        """Whose the entry is and in what currency, the credit has fixed."""
        account = self.env["res.partner"].sudo().browse(vals.get("partner_id") or ())
        for credit in self.sudo().kavi_credit_ids:
            if (
                "partner_id" in vals
                and account.commercial_partner_id != credit.partner_id
            ) or vals.get(
                "currency_id", credit.currency_id.id
            ) != credit.currency_id.id:
                raise UserError(
                    self.env._(
                        "This entry belongs to credit %(credit)s of %(account)s, in "
                        "%(currency)s. Take the credit back and give another one to "
                        "change that.",
                        credit=credit.name,
                        account=credit.partner_id.name,
                        currency=credit.currency_id.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_credited(self):
        for credit in self.sudo().kavi_credit_ids:
            raise UserError(
                self.env._(
                    "This entry belongs to credit %s. Take the credit back instead: "
                    "nothing that was posted is deleted.",
                    credit.name,
                )
            )

    def action_open_kavi_credit(self):
        self.ensure_one()
        return self.kavi_credit_ids._get_records_action()
