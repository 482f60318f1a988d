"""Constants that models, wizards and controllers of this addon share. No ORM."""

from odoo.addons.kavi_billing.tools.const import DOCUMENT_KINDS

# Of what the ledger of accounts holds, no other program needs to know of differences of
# exchange, which are in company currency only, and of entries by hand, which are made
# there by hand. What services keep of payments is in no account's ledger.
FEE = "fee"
KINDS = [
    *(kind for kind in DOCUMENT_KINDS if kind[0] not in ("exchange", "entry")),
    (FEE, "Fee"),
]

# How many documents are put into messages at once, and fetched at once.
BATCH = 500
