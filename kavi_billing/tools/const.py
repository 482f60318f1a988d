"""Constants that several models, wizards or addons need. Plain Python, no ORM."""

# The groups of billing, by role: each holds those before it.
ROLES = {
    "user": "kavi_billing.group_billing_user",
    "officer": "kavi_billing.group_billing_officer",
    "administrator": "kavi_billing.group_billing_administrator",
}
USER = ROLES["user"]
OFFICER = ROLES["officer"]

# Who may see entries of the books, besides those who see bills.
ACCOUNTING_GROUPS = "account.group_account_readonly,account.group_account_invoice"

# Who works with a bill, as its payer does not: what is no payer's business.
STAFF = f"{USER},{ACCOUNTING_GROUPS}"

# What an account may be: who is billed, and whether it is still an applicant.
ACCOUNT_TYPES = [
    ("pending_user", "Pending User"),
    ("pending_company", "Pending Company"),
    ("user", "User"),
    ("company", "Company"),
]

# What stands in an account's ledger.
DOCUMENT_KINDS = [
    ("invoice", "Invoice"),
    ("credit_note", "Credit Note"),
    ("payment", "Payment"),
    ("refund", "Refund"),
    ("reversal", "Reversal"),
    ("exchange", "Exchange Difference"),
    ("entry", "Other Entry"),
]

# The subtype of what billing people note on a bill, for themselves.
NOTE = "kavi_billing.mt_activity_note"

# Bookkeeping of chatter and activities, not part of a document.
THREAD_FIELDS = ("message_", "activity_", "website_message_", "rating_")

# A hundred years from today; a day that is farther is a slip.
MAX_DAYS = 36525

# Types of the accounts on which money is: a bank, a cash box, a card.
LIQUIDITY = ("asset_cash", "liability_credit_card")

# What a payer may write to one bill: characters a message, and messages an hour.
MAX_MESSAGE = 10_000
MAX_PER_HOUR = 20
