from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Whoever gets an account's bills has its account.

        Odoo hands the bills over in the database, but copies no field that the person
        who merges may not see.
        """
        # sudo: merging is allowed without a billing role
        partners = self.env["res.partner"].sudo().browse(partner_ids)
        accounts = partners.exists().filtered("is_billing_account")
        result = super()._merge(partner_ids, dst_partner, extra_checks)
        if accounts:
            (partners | accounts).exists()._open_billing_account()
        return result
