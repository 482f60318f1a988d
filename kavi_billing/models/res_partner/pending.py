from odoo import models


class ResPartner(models.Model):
    """From an applicant's account to a regular one (KB-07)."""

    _inherit = "res.partner"

    # === BUSINESS METHODS === #

    def _settle_pending_accounts(self):
        """Make approved pending accounts regular ones once nothing is open.

        A draft counts: it is a bill that is about to come.
        """
        waiting = self.sudo().filtered(
            lambda partner: partner.is_billing_pending and partner.is_billing_approved
        )
        if not waiting:
            return
        owing = (
            self.env["kavi.bill"]
            .sudo()
            ._read_group(
                [
                    ("partner_id", "in", waiting.ids),
                    ("state", "in", ("draft", "new", "pending")),
                    ("opening_state", "=", False),
                ],
                ["partner_id"],
            )
        )
        settled = waiting - self.browse(partner.id for (partner,) in owing)
        settled._set_billing_account(
            {"is_billing_pending": False},
            self.env._("Approved and settled: a regular billing account from now on."),
        )

    def _accept_billing_account(self):
        """Make pending accounts regular ones, whatever else is open: another
        application has accepted who they belong to.

        Contacts that are no pending account stay as they are.
        """
        # sudo: the caller has decided; contacts may be read-only for it
        waiting = self.sudo().filtered("is_billing_pending")
        waiting._set_billing_account(
            {"is_billing_approved": True, "is_billing_pending": False},
            self.env._("Accepted: a regular billing account from now on."),
        )
