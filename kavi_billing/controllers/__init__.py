from . import outbox, portal, portal_bill, report
