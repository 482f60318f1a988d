from odoo import models
from odoo.exceptions import UserError


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
            kept = (partners | accounts).exists()
            self._check_billed(kept)
            kept._open_billing_account()
        return result

    def _check_billed(self, partners):
        """Refuse a merge whose bills would be somebody's who cannot have them: a person
        of a company, or one of another company of ours."""
        partners._check_billed_company()
        billed = partners.filtered(
            lambda partner: partner.commercial_partner_id != partner
        )
        for model in ("kavi.bill", "kavi.credit"):
            # sudo: those of companies that the user does not see count, too
            for (account,) in (
                self.env[model]
                .sudo()
                ._read_group([("partner_id", "in", billed.ids)], ["partner_id"])
            ):
                raise UserError(
                    self.env._(
                        "%(contact)s belongs to %(company)s and cannot have bills of "
                        "its own. Merge with a contact that stands for itself, or "
                        "with %(company)s.",
                        contact=account.name,
                        company=account.commercial_partner_id.name,
                    )
                )
