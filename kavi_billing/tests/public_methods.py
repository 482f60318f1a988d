"""What clients can call of each model of this addon, beyond what Odoo lets them."""

PUBLIC_METHODS = {
    "account.move": "action_open_kavi_bill action_open_kavi_credit",
    "account.payment": "action_open_kavi_bills",
    "kavi.account.allocation": "action_open_bill action_open_credit action_unapply",
    "kavi.account.ledger": """
        action_open_allocations
        action_open_bill
        action_open_credit
        action_open_document
    """,
    "kavi.account.statement.wizard": "action_print action_send",
    "kavi.activity": "action_open_bill",
    "kavi.bill": """
        action_apply_credit
        action_cancel
        action_change_amount
        action_choose_method
        action_complete_payment
        action_dispute
        action_issue
        action_open_account
        action_open_entries
        action_open_moves
        action_open_notices
        action_open_origin
        action_open_payments
        action_postpone
        action_preview
        action_print_invoice
        action_print_receipt
        action_refund
        action_resolve_dispute
        action_reverse_payment
        action_revoke_link
        action_send_notice
    """,
    "kavi.bill.amount.wizard": "action_change_amount",
    "kavi.bill.cancel.wizard": "action_cancel_bills",
    "kavi.bill.dispute.wizard": "action_dispute",
    "kavi.bill.instalment": "action_open_bill",
    "kavi.bill.kind": "copy_data",
    "kavi.bill.method.wizard": "action_choose_method",
    "kavi.bill.payment.wizard": "action_complete_payment",
    "kavi.bill.postpone.wizard": "action_postpone",
    "kavi.bill.refund.wizard": "action_refund",
    "kavi.bill.resolve.wizard": "action_resolve_dispute",
    "kavi.bill.reverse.wizard": "action_reverse_payment",
    "kavi.bill.send.wizard": "action_send",
    "kavi.bulk.report": "action_open_records",
    "kavi.credit": "action_apply action_expire action_issue action_print action_refund",
    "kavi.credit.apply.wizard": "action_apply_credits",
    "kavi.credit.refund.wizard": "action_refund_credits",
    "kavi.notice": "action_send_again",
    "kavi.notice.rule": "action_open_notices",
    "res.partner": """
        action_approve_billing_account
        action_delete_billing_account
        action_manage_billing_account
        action_open_allocations
        action_open_billing_account
        action_open_contact
        action_open_credits
        action_open_ledger
        action_record_payment
    """,
}

# Methods of Odoo's own that are overridden.
OVERRIDDEN = """
    button_cancel
    button_draft
    create
    default_get
    get_portal_url
    init
    message_notify
    message_post
    modify_moves
    onchange
    unlink
    write
"""
