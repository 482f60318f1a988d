from odoo.fields import Domain
from odoo.http import request

from odoo.addons.account_payment.controllers.portal import PortalAccount


class InvoicePage(PortalAccount):
    def _get_overdue_invoices_domain(self, partner_id=None):
        """Not those of bills, which are paid at the bill."""
        domain = Domain(super()._get_overdue_invoices_domain(partner_id))
        # sudo: payers may not see what an invoice belongs to
        of_bills = request.env["account.move"].sudo()
        of_bills = of_bills._search(domain & Domain("kavi_bill_id", "!=", False))
        return domain & Domain("id", "not in", of_bills)
