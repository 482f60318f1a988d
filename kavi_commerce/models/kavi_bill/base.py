from odoo import api, fields, models

from odoo.addons.kavi_billing.tools.bill_rules import extend_acts
from odoo.addons.kavi_billing.tools.context import private_value
from odoo.addons.kavi_billing_report.tools.columns import Column

from ...tools.card_rules import ACTS, REFUSED

# Follows from the transactions, and is written by nobody.
DERIVED = {
    "order_id",
    "gateway_status",
    "has_failed_return",
    "transaction_line_ids",
    "transaction_ids",
}


class KaviBill(models.Model):
    """What a bill knows of its card transactions: status, acts and flags."""

    _inherit = "kavi.bill"

    transaction_line_ids = fields.One2many(
        "kavi.transaction.bill",
        "bill_id",
        string="Card Transactions",
        readonly=True,
        copy=False,
        groups="kavi_billing.group_billing_user",
    )
    transaction_ids = fields.Many2many(
        "payment.transaction",
        string="Transactions",
        compute="_compute_transaction_ids",
        search="_search_transaction_ids",
        groups="kavi_billing.group_billing_user",
    )
    transaction_count = fields.Integer(
        compute="_compute_transaction_ids",
        groups="kavi_billing.group_billing_user",
    )
    order_id = fields.Char(
        string="Order ID",
        compute="_compute_gateway_status",
        store=True,
        index="btree_not_null",
        help="Of the latest card payment.",
    )
    has_failed_return = fields.Boolean(
        compute="_compute_has_failed_return",
        groups="kavi_billing.group_billing_user",
        help="The gateway refused a refund that nothing has made up for yet.",
    )
    gateway_status = fields.Selection(
        [("awaiting", "Awaiting Gateway"), ("failed", "Failed Gateway")],
        compute="_compute_gateway_status",
        store=True,
        index="btree_not_null",
    )

    # === COMPUTE METHODS === #

    @api.depends("transaction_line_ids.transaction_id")
    def _compute_transaction_ids(self):
        for bill in self:
            bill.transaction_ids = bill.transaction_line_ids.transaction_id
            bill.transaction_count = len(bill.transaction_ids)

    def _search_transaction_ids(self, operator, value):
        return [("transaction_line_ids.transaction_id", operator, value)]

    @api.depends(
        "state",
        "transaction_line_ids.transaction_id.state",
        "transaction_line_ids.transaction_id.is_post_processed",
        "transaction_line_ids.transaction_id.order_id",
        "transaction_line_ids.transaction_id.reversal_date",
        "transaction_line_ids.is_superseded",
    )
    def _compute_gateway_status(self):
        for bill in self:
            attempts = bill.sudo().transaction_line_ids.transaction_id.sorted("id")
            bill.order_id = attempts[-1:].order_id
            charges = attempts.filtered(lambda tx: tx.operation != "refund")
            if any(tx._is_undecided() for tx in attempts):
                bill.gateway_status = "awaiting"
            elif bill.state == "new" and charges[-1:].state == "error":
                bill.gateway_status = "failed"
            elif bill._get_failed_returns():  # KB-25: of credits, too
                bill.gateway_status = "failed"
            else:
                bill.gateway_status = False

    @api.depends("gateway_status")
    def _compute_has_failed_return(self):
        for bill in self:
            bill.has_failed_return = bool(bill._get_failed_returns())

    @api.depends("gateway_status")
    def _compute_allowed_acts(self):
        return super()._compute_allowed_acts()

    @api.depends("gateway_status")
    def _compute_flag_label(self):
        return super()._compute_flag_label()

    # === ACTION METHODS === #

    def action_open_transactions(self):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_commerce.action_kavi_transaction"
        )
        action["domain"] = [("kavi_line_ids.bill_id", "in", self.ids)]
        action["context"] = {}
        return action

    def action_ask_gateway(self):
        """Ask the gateway now what became of these bills' transactions."""
        self._check_role("officer")
        self.check_access("read")
        undecided = self._for_books().transaction_ids.filtered(
            lambda tx: tx.state in ("draft", "pending", "authorized")
        )
        undecided._refresh_from_gateway(again=True)
        return True

    # === BUSINESS METHODS === #

    def _check_written_vals(self, vals):
        self._refuse_fields(set(vals) & DERIVED)
        return super()._check_written_vals(vals)

    @api.model
    def _check_created_vals(self, vals_list):
        for vals in vals_list:
            self._refuse_fields({name for name in DERIVED if vals.get(name)})
        return super()._check_created_vals(vals_list)

    @api.model
    def _get_acts(self):
        return extend_acts(super()._get_acts(), ACTS, REFUSED)

    @api.model
    def _get_act_labels(self):
        return {
            **super()._get_act_labels(),
            "pay_by_card": self.env._("Pay by card"),
            "retry_refund": self.env._("Try the refund again"),
            "freeze": self.env._("Freeze"),
        }

    @api.model
    def _get_flag_labels(self):
        return {
            **super()._get_flag_labels(),
            "awaiting_gateway": self.env._("Awaiting Gateway"),
            "failed_gateway": self.env._("Failed Gateway"),
        }

    @api.model
    def _get_alarming_flags(self):
        return super()._get_alarming_flags() | {"failed_gateway"}

    def _get_flags(self):
        flags = super()._get_flags()
        if self.gateway_status == "failed":
            flags.add("failed_gateway")
        elif self.gateway_status == "awaiting" and self._is_awaiting_gateway():
            flags.add("awaiting_gateway")
        return flags

    def _get_off_terms(self, method):
        # what was charged is booked, whatever the terms say by now
        if self._get_transaction_line():
            return self.browse()
        return super()._get_off_terms(method)

    def _is_awaiting_gateway(self):
        """Whether a transaction is undecided, other than the one that asks.

        Entries of money that has moved are made, whatever else is undecided.
        """
        if private_value(self.env.context, "kavi_transaction_line_id"):
            return False
        asking = self.env["payment.transaction"].sudo()
        asking = asking.browse(
            private_value(self.env.context, "kavi_transaction_id", ())
        )
        others = self.sudo().transaction_line_ids.transaction_id - asking
        return any(tx._is_undecided() for tx in others)

    @api.model
    def _get_report_columns(self):
        columns = super()._get_report_columns()
        return [*columns, Column("order_id", "order_id", False)]

    def _freeze(self):
        """Freeze these bills, whose transactions were purged: nothing can be done with
        them any more (KC-36)."""
        self._check_act("freeze")
        self._write_facts({"is_frozen": True})
        self._log_act(
            "freeze",
            dict.fromkeys(
                self.ids,
                self.env._("Its card transactions were purged of the payer's data."),
            ),
        )
