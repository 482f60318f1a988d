from odoo import api, models
from odoo.exceptions import UserError

from ..tools.notice_events import EVENTS


class MailTemplate(models.Model):
    """Only custom notice templates are deleted, none that a rule sends (KB-58, 59), and
    none is sent past the roles of billing."""

    _inherit = "mail.template"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_notice(self):
        built_in = {
            self.env["ir.model.data"]._xmlid_to_res_id(
                f"kavi_billing.{event.template}", raise_if_not_found=False
            )
            for event in EVENTS.values()
        }
        # sudo: whoever deletes a template need not see the rules
        rules = self.env["kavi.notice.rule"].sudo().with_context(active_test=False)
        used = rules.search([("template_id", "in", self.ids)])
        for template in self:
            if template.id in built_in:
                raise UserError(
                    self.env._(
                        "“%s” belongs to Billing and is not deleted. Switch the "
                        "notice off in the bill kinds, or change its text.",
                        template.name,
                    )
                )
            rule = used.filtered(lambda rule, t=template: rule.template_id == t)[:1]
            if rule:
                raise UserError(
                    self.env._(
                        "“%(template)s” is what the notice rule “%(rule)s” sends: "
                        "give the rule another template first.",
                        template=template.name,
                        rule=rule.name,
                    )
                )

    # === HELPER METHODS === #

    def _send_check_access(self, res_ids):
        """Who may read a document of billing need not be who mails it."""
        result = super()._send_check_access(res_ids)
        documents = self.env[self.model].browse(res_ids)
        if not self.env.su and hasattr(documents, "_check_mailing"):
            documents._check_mailing()
        return result
