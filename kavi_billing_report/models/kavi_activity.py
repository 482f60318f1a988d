from odoo import api, models

from ..tools.columns import Column


class KaviActivity(models.Model):
    """Activity history as a report (KB-67)."""

    _name = "kavi.activity"
    _inherit = ["kavi.activity", "kavi.report.mixin"]

    @api.model
    def _get_report_columns(self):
        return [
            Column(self.env._("Time"), "date"),
            Column(self.env._("Origination"), "origination"),
            Column(self.env._("User"), "login"),
            Column(self.env._("Activity"), "act"),
            Column(self.env._("Account"), "partner_id.name"),
            Column(self.env._("Reference"), "reference"),
            Column(self.env._("Old State"), "old_state", False),
            Column(self.env._("New State"), "new_state", False),
            Column(self.env._("Details"), "details"),
            Column(self.env._("Company"), "company_id.name", False),
        ]
