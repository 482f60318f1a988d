"""Context keys of card payment, each with a Private value (see kavi_billing's
``tools/context.py``):

    kavi_payer_waits          the answer goes to the payer at once, on the page
    kavi_transaction_id       the transaction that asks whether it may be captured
    kavi_transaction_line_id  the line of a transaction whose entries are made
"""
