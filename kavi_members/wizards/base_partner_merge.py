from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Whoever gets the memberships of somebody else is one who can have them, and
        gets what they give. Odoo moves the rows in the database, and asks nothing.
        """
        # sudo: merging is allowed without a role of Members
        partners = self.env["res.partner"].sudo().browse(partner_ids).exists()
        is_regular = not all(partners.mapped("kavi_is_pending_member"))
        result = super()._merge(partner_ids, dst_partner, extra_checks)
        kept = partners.exists()
        self.env.invalidate_all()
        memberships = self.env["kavi.membership"].sudo()
        moved = memberships.with_context(active_test=False).search(
            [("partner_id", "in", kept.ids)]
        )
        if not moved:
            return result
        moved._check_holder()
        moved._check_maximum()
        if is_regular:
            pending = kept.filtered("kavi_is_pending_member")
            pending.write({"kavi_is_pending_member": False})
        moved._update_members()
        return result
