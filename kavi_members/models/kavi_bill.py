from odoo import models


class KaviBill(models.Model):
    _inherit = "kavi.bill"

    def _get_application_path(self):
        """The status page of the application that this bill is of, for who pays it:
        only where that is the applicant, and while it is on its way."""
        self.ensure_one()
        if self.origin_model != "kavi.membership":
            return ""
        # sudo: whoever sees the bill's page, by its link or right, is the applicant
        member = self.env["kavi.membership"].sudo().browse(self.origin_id).exists()
        application = member.application_id
        # of a company others than the applicant get the bill, too
        if (
            application.state != "open"
            or member.payer_id
            or application.kind != ("individual")
        ):
            return ""
        return application._get_status_path()
