from . import portal, portal_bill
