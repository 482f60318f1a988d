"""Constants that several models, wizards or addons need. Plain Python, no ORM."""

# Who may see entries of the books, besides those who see bills.
ACCOUNTING_GROUPS = "account.group_account_readonly,account.group_account_invoice"

# Types of the accounts on which money is: a bank, a cash box, a card.
LIQUIDITY = ("asset_cash", "liability_credit_card")
