import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from odoo.addons.kavi_billing_report.tools.columns import Column

_logger = logging.getLogger(__name__)

# Seven states for people (KC-01), computed from Odoo's state.
KAVI_STATES = [
    ("new", "New"),
    ("pending_charge", "Pending Charge"),
    ("failed_charge", "Failed Charge"),
    ("charged", "Charged"),
    ("pending_return", "Pending Return"),
    ("failed_return", "Failed Return"),
    ("returned", "Returned"),
]
CHARGE_STATES = {
    "draft": "new",
    "pending": "pending_charge",
    "authorized": "pending_charge",
    "error": "failed_charge",
    "cancel": "failed_charge",
    "done": "charged",
}
RETURN_STATES = {
    "draft": "pending_return",
    "pending": "pending_return",
    "authorized": "pending_return",
    "error": "failed_return",
    "cancel": "failed_return",
    "done": "returned",
}
# Whose outcome is not known yet.
UNDECIDED = ("pending", "authorized")
# Characters of a message to or from the gateway that are kept.
MAX_DETAIL = 20_000


class PaymentTransaction(models.Model):
    """One attempt to move money for bills, at a gateway.

    ``checkout`` makes the order and captures it, ``authorization`` captures or voids
    what was authorized first, ``refund`` sends money back, ``sync`` turns what PayPal
    answers into a state and asks again while that is unknown, ``paypal_report`` finds
    what no event has told, ``accounting`` makes the entries, ``purge`` removes
    personal data.
    """

    _name = "payment.transaction"
    _inherit = ["payment.transaction", "kavi.guard.mixin", "kavi.report.mixin"]

    kavi_line_ids = fields.One2many(
        "kavi.transaction.bill", "transaction_id", string="For Bills", readonly=True
    )
    bill_ids = fields.Many2many(
        "kavi.bill", compute="_compute_bill_ids", search="_search_bill_ids"
    )
    bill_count = fields.Integer(compute="_compute_bill_ids")
    order_id = fields.Char(
        string="Order ID",
        readonly=True,
        copy=False,
        index="trigram",
        help="Groups the attempts and returns of one checkout.",
    )
    kavi_state = fields.Selection(
        KAVI_STATES,
        string="Gateway Status",
        compute="_compute_kavi_state",
        store=True,
        index=True,
    )
    # kept apart: Odoo's provider_reference is now the one, now the other
    paypal_order_id = fields.Char(
        string="PayPal Order", readonly=True, copy=False, index="btree_not_null"
    )
    paypal_capture_id = fields.Char(
        string="PayPal Capture", readonly=True, copy=False, index="btree_not_null"
    )
    paypal_authorization_id = fields.Char(
        string="PayPal Authorization", readonly=True, copy=False, index="btree_not_null"
    )
    paypal_refund_id = fields.Char(
        string="PayPal Refund", readonly=True, copy=False, index="btree_not_null"
    )
    approve_url = fields.Char(readonly=True, copy=False, groups="base.group_system")
    # where whoever pays began: of no use to others, see _get_landing_page
    landing_route = fields.Char(groups=fields.NO_ACCESS)
    # what PayPal says of payer and card, and all that is kept of it (KC-06)
    card_brand = fields.Char(readonly=True, copy=False)
    card_last_digits = fields.Char(string="Last Digits", readonly=True, copy=False)
    card_expiry = fields.Char(string="Expires", readonly=True, copy=False)
    payer_name = fields.Char(string="Card Holder", readonly=True, copy=False)
    payer_email = fields.Char(string="Payer's Email", readonly=True, copy=False)
    gateway_fee = fields.Monetary(readonly=True, copy=False)
    fee_move_id = fields.Many2one(
        "account.move", string="Fee Entry", readonly=True, copy=False
    )
    amount_returned = fields.Monetary(
        compute="_compute_amounts",
        help="Refunded, or about to be: a request counts until it is refused.",
    )
    amount_refundable = fields.Monetary(compute="_compute_amounts")
    reversal_date = fields.Date(
        string="Reversed On",
        readonly=True,
        copy=False,
        help="The payer's bank, or PayPal, took the money back.",
    )
    dispute_state = fields.Char(string="Dispute", readonly=True, copy=False)
    return_reason = fields.Char(readonly=True, copy=False)
    is_notified = fields.Boolean(
        readonly=True,
        copy=False,
        help="The account is told when the money has gone back.",
    )
    payer_message = fields.Char(
        readonly=True,
        copy=False,
        help="What the bill's page says of an attempt that came to nothing.",
    )
    is_purged = fields.Boolean(string="Purged", readonly=True, copy=False)
    gateway_message_ids = fields.One2many(
        "kavi.gateway.message",
        "transaction_id",
        string="Gateway Messages",
        readonly=True,
    )

    # the same thing of the gateway's is one transaction, whoever tells of it first
    _paypal_capture_uniq = models.UniqueIndex(
        "(provider_id, paypal_capture_id) WHERE paypal_capture_id IS NOT NULL",
        "This capture is known already.",
    )
    _paypal_refund_uniq = models.UniqueIndex(
        "(provider_id, paypal_refund_id) WHERE paypal_refund_id IS NOT NULL",
        "This refund is known already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("kavi_line_ids.bill_id")
    def _compute_bill_ids(self):
        for tx in self:
            tx.bill_ids = tx.kavi_line_ids.bill_id
            tx.bill_count = len(tx.bill_ids)

    def _search_bill_ids(self, operator, value):
        return [("kavi_line_ids.bill_id", operator, value)]

    @api.depends(
        "state",
        "operation",
        "reversal_date",
        "child_transaction_ids.state",
        "child_transaction_ids.operation",
        "child_transaction_ids.reversal_date",
    )
    def _compute_kavi_state(self):
        for tx in self:
            if tx.operation == "refund":
                state = "error" if tx.reversal_date else tx.state
                tx.kavi_state = RETURN_STATES[state]
                continue
            tx.kavi_state = CHARGE_STATES[tx.state]
            returns = tx._get_returns().sorted("id")
            if tx.state != "done":
                continue
            if tx.reversal_date:
                tx.kavi_state = "returned"
            elif returns:
                last = returns[-1]
                state = "error" if last.reversal_date else last.state
                tx.kavi_state = RETURN_STATES[state]

    @api.depends(
        "state",
        "amount",
        "reversal_date",
        "paypal_capture_id",
        "child_transaction_ids.state",
        "child_transaction_ids.reversal_date",
        "kavi_line_ids.payment_id",
        "kavi_line_ids.bill_id.amount_retained",
    )
    def _compute_amounts(self):
        for tx in self.sudo():  # who sees a transaction sees what is left of it
            returned = -sum(tx._get_live_returns().mapped("amount"))
            tx.amount_returned = tx.currency_id.round(returned)
            tx.amount_refundable = tx.currency_id.round(
                sum(tx._get_refundable_of(bill) for bill in tx.bill_ids)
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("state")
    def _check_state_authorized_supported(self):
        # ours are authorized by the provider's own setting for bills
        return super(
            PaymentTransaction, self.filtered(lambda tx: not tx.kavi_line_ids)
        )._check_state_authorized_supported()

    @api.constrains("invoice_ids")
    def _check_invoices_of_bills(self):
        """Odoo's own ways to pay an invoice know nothing of the bill's guards."""
        for tx in self.sudo().filtered("invoice_ids"):
            bills = tx.invoice_ids.kavi_bill_id
            if bills and not tx.kavi_line_ids:
                raise ValidationError(
                    self.env._(
                        "This is the invoice of bill %s: pay the bill instead.",
                        ", ".join(bills.mapped("name")),
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        txs = super().create(vals_list)
        txs._check_not_by_hand()
        return txs

    def write(self, vals):
        # Odoo lets whoever invoices write on transactions; what they say of bills
        # is the gateway's to say
        if not self.env.su and self.sudo().kavi_line_ids:
            raise UserError(
                self.env._(
                    "What a transaction of a bill says follows from the gateway, and "
                    "is not changed by hand. Ask the gateway now instead."
                )
            )
        if "last_state_change" in vals:
            vals = {**vals, "purge_date": False}  # its months count anew
        result = super().write(vals)
        if "source_transaction_id" in vals:
            self._check_not_by_hand()
        return result

    def _check_not_by_hand(self):
        """Refuse what somebody makes out to be a payment, or the return of a payment,
        of bills: by a value, or by a default."""
        txs = self.sudo()
        if not self.env.su and (txs | txs.source_transaction_id).kavi_line_ids:
            raise UserError(
                self.env._(
                    "A bill is paid and refunded by card from the bill, not by hand."
                )
            )

    def _create_child_transaction(self, *args, **kwargs):
        # Odoo's buttons hand their caller's context on; ours check the caller's role
        tx = self._for_books() if self.kavi_line_ids else self
        child = super(PaymentTransaction, tx)._create_child_transaction(*args, **kwargs)
        if self.kavi_line_ids and child.is_live != self.is_live:
            child.is_live = self.is_live  # not as the provider is today
        return child

    @api.ondelete(at_uninstall=False)
    def _unlink_except_of_bills(self):
        if self.sudo().kavi_line_ids:
            raise UserError(
                self.env._(
                    "Transactions of bills stay: they are the record of what was asked "
                    "of the gateway. Old ones are purged of what identifies the payer."
                )
            )

    # === ACTION METHODS === #

    def _get_records_action(self, **kwargs):
        """Transactions of bills open in the form that shows what is theirs."""
        action = super()._get_records_action(**kwargs)
        if self.kavi_line_ids:
            form = self.env.ref("kavi_commerce.view_kavi_transaction_form").id
            names = {
                "list": self.env.ref("kavi_commerce.view_kavi_transaction_list").id
            }
            names["form"] = form
            action["views"] = [
                (names.get(kind, view), kind) for view, kind in action["views"]
            ]
        return action

    def action_open_bills(self):
        return self.bill_ids._get_records_action(name=self.env._("Bills"))

    def action_open_entries(self):
        """The journal items that the transaction has caused."""
        self.check_access("read")
        # sudo: who sees a transaction may see which entries it made
        moves = self.sudo().kavi_line_ids.payment_id.move_id | self.sudo().fee_move_id
        moves = moves.with_env(self.env)._filtered_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_account_moves_all"
        )
        action.update(
            name=self.env._("Journal Items"),
            domain=[("move_id", "in", moves.ids)],
            context={"search_default_group_by_move": 1, "expand": True},
        )
        return action

    def action_kavi_complete(self):
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_commerce.action_kavi_transaction_complete_wizard"
        )
        action["context"] = {"default_transaction_id": self.id}
        return action

    def action_kavi_note(self):
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Note"),
            "res_model": "kavi.transaction.note.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_transaction_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _record_gateway_message(self, direction, text, debug_id=None, detail=None):
        """Keep a line of what was said about each of these transactions."""
        labels = dict(KAVI_STATES)
        # whoever acts, the line is kept
        Message = self._for_books().env["kavi.gateway.message"]
        return Message.create(
            [
                {
                    "transaction_id": tx.id,
                    "provider_id": tx.provider_id.id,
                    "direction": direction,
                    "status": labels[tx.kavi_state],
                    "text": text,
                    "detail": detail,
                    "debug_id": debug_id,
                }
                for tx in self
            ]
        )

    def _record_paypal_message(self, message):
        """Record a message to or from PayPal.

        :param message: the client's ``Message``
        """
        try:
            # a conflict with another request must show when the outcome is stored
            with self.env.cr.savepoint(flush=False), mute_logger("odoo.sql_db"):
                self._record_gateway_message(
                    message.direction,
                    self._describe_paypal_message(message),
                    debug_id=message.debug_id,
                    detail=self._hide_return_key(message.text)[:MAX_DETAIL],
                )
        except OperationalError as error:
            _logger.info("%s: not recorded: %s", self.reference, error)

    @api.model
    def _describe_paypal_message(self, message):
        """One line for the list of messages."""
        request = f"{message.method} {message.path}"
        if message.direction == "sent":
            return request
        return f"{request}: {message.status or self.env._('no answer')}"

    def _kavi_commit(self):
        """Commit what was done so far.

        Called before each request that moves money (what is about to be asked must
        outlive a crash) and after it (so must the answer), between steps that each
        leave everything consistent. In manual mode there is no gateway, and an act is
        one database transaction as any other.
        """
        self.env.flush_all()
        if self and set(self.mapped("provider_code")) == {"kavi_manual"}:
            return
        self.env["ir.cron"]._commit_progress()

    def _kavi_alert(self, summary, note):
        """Tell the administrators: an activity on the bill, and a mail."""
        for tx in self._for_books():
            tx._record_gateway_message("note", f"{summary}: {note}")
            for bill in tx.bill_ids[:1]:
                bill._alert_administrators(
                    summary, f"{note} ({tx.order_id}, {tx.reference})"
                )
            tx.company_id._mail_gateway_alert(summary, f"{note}\n\n{tx.reference}")

    def _kavi_alert_once(self, key, summary, note):
        """Tell the administrators, unless they were told of this before.

        :param str key: what tells it from others, a part of ``note``
        :return: whether they were told now
        """
        told = self.sudo().gateway_message_ids.filtered(
            lambda message: message.direction == "note" and key in (message.text or "")
        )
        if not told:
            self._kavi_alert(summary, note)
        return not told

    def _log_message_on_linked_documents(self, message):
        result = super()._log_message_on_linked_documents(message)
        if self.kavi_line_ids:
            self.sudo().bill_ids._log_note(message)
        return result

    def _kavi_complete(self, success, message=None):
        """Decide a pending transaction in manual mode, where nobody else does.

        :param bool success: whether it was charged
        :param str message: why not
        :raise UserError: for any other transaction
        """
        self.ensure_one()
        self._check_billing_role("administrator")
        tx = self._for_books()
        if tx.provider_code != "kavi_manual" or tx.provider_id.state == "enabled":
            raise UserError(
                self.env._("Only the gateway says what becomes of this transaction.")
            )
        if problem := tx._get_mode_problem():
            raise UserError(problem)
        tx._kavi_lock_with_bills()
        if tx.state != "pending" or not tx.kavi_line_ids:
            raise UserError(
                self.env._("Only a pending transaction of a bill is completed.")
            )
        if success:
            tx._set_done()
        else:
            tx._set_error(message or self.env._("Failed, by an administrator."))
        tx._commit_and_post_process()

    # === HELPER METHODS === #

    def _check_billing_role(self, role="officer"):
        """Refuse whoever may not act on the bills of these transactions.

        :raise AccessError: without the role, or without access to the bills
        """
        self.env["kavi.bill"]._check_role(role)
        bills = self.sudo().bill_ids.with_env(self.env)
        bills.check_access("read")

    def _is_undecided(self):
        """Whether the outcome is unknown, or not booked yet: no other money is moved
        for its bills meanwhile."""
        self.ensure_one()
        return self.state in UNDECIDED or (
            self.state == "done" and not self.is_post_processed
        )

    def _get_returns(self):
        return self.child_transaction_ids.filtered(
            lambda child: child.operation == "refund"
        )

    @api.model
    def _get_report_columns(self):
        return [
            Column(self.env._("Created"), "create_date"),
            Column(self.env._("Order ID"), "order_id"),
            Column(self.env._("Reference"), "reference"),
            Column(self.env._("Return Of"), "source_transaction_id.reference", False),
            Column(self.env._("Account"), "partner_id.name"),
            Column(self.env._("Gateway"), "provider_code", False),
            Column(self.env._("Gateway ID"), "provider_reference", False),
            Column(self.env._("Card Holder"), "payer_name", False),
            Column(self.env._("Last Digits"), "card_last_digits", False),
            Column(self.env._("Currency"), "currency_id.name"),
            Column(self.env._("Amount"), "amount"),
            Column(self.env._("Gateway Fee"), "gateway_fee", False),
            Column(self.env._("Gateway Status"), "kavi_state"),
            Column(self.env._("Company"), "company_id.name", False),
        ]
