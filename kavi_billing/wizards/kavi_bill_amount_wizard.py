from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class KaviBillAmountWizard(models.TransientModel):
    _name = "kavi.bill.amount.wizard"
    _description = "Change The Amount Of A Bill"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "change_amount"

    line_ids = fields.One2many(
        "kavi.bill.amount.wizard.line",
        "wizard_id",
        string="Lines",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
        precompute=True,
    )
    old_total = fields.Monetary(
        related="bill_id.amount_total", string="Total Until Now"
    )
    amount_untaxed = fields.Monetary(compute="_compute_amounts")
    amount_tax = fields.Monetary(compute="_compute_amounts", string="Taxes")
    amount_total = fields.Monetary(compute="_compute_amounts", string="New Total")

    # === COMPUTE METHODS === #

    @api.depends("bill_ids")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [Command.clear()] + [
                Command.create(wizard.line_ids._copy_vals(line))
                for line in wizard.bill_id.line_ids
            ]

    @api.depends("line_ids.quantity", "line_ids.price_unit", "line_ids.tax_ids")
    def _compute_amounts(self):
        for wizard in self:
            untaxed, total = wizard._get_draft()._sum_lines()
            wizard.amount_untaxed = untaxed
            wizard.amount_tax = total - untaxed
            wizard.amount_total = total

    # === ACTION METHODS === #

    def action_change_amount(self):
        with self._acting():
            if not self.bill_id:
                raise UserError(
                    self.env._("The amount is changed on one bill at a time.")
                )
            if not self.line_ids:
                raise UserError(
                    self.env._(
                        "A bill has one line at least. To ask nothing any more, "
                        "cancel it."
                    )
                )
            lines = [line._copy_vals(line) for line in self.line_ids]
            self.bill_id._change_lines(
                [Command.clear(), *(Command.create(vals) for vals in lines)],
                self.reason,
            )
        return {"type": "ir.actions.act_window_close"}

    # === HELPER METHODS === #

    def _get_draft(self, lines=None):
        """A bill like this one with the wizard's lines, which is never saved.

        What a bill computes for its lines, it computes here just the same.
        """
        self.ensure_one()
        bill = self.bill_id
        if lines is None:
            lines = [line._copy_vals(line) for line in self.line_ids]
        return self.env["kavi.bill"].new(
            {
                "title": bill.title,
                "partner_id": bill.partner_id.id,
                "company_id": bill.company_id.id,
                "currency_id": bill.currency_id.id,
                "fiscal_position_id": bill.fiscal_position_id.id,
                "line_ids": [Command.create(vals) for vals in lines],
            }
        )

    def _get_notice(self, bill):
        return {
            "old_total": bill.currency_id.format(bill.amount_total),
            "new_total": bill.currency_id.format(self.amount_total),
        }
