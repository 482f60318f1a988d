from . import base, document, expiry, issue, ledger_check, matching, refund
