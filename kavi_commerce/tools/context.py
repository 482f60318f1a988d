"""Context keys of card payment, each with a Private value (see kavi_billing's
``tools/context.py``):

    kavi_freeze_agreed        somebody has read how many bills freeze at once
    kavi_payer_waits          the answer goes to the payer at once, on the page
    kavi_transaction_id       the transaction that asks whether it may be captured, or
                              the refunds after which the bill is canceled
    kavi_transaction_line_id  the line of a transaction whose entries are made
"""
