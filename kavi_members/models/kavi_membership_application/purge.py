import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain

_logger = logging.getLogger(__name__)


class KaviMembershipApplication(models.Model):
    """What is kept no longer: drafts, links, what the denied have typed."""

    _inherit = "kavi.membership.application"

    # === CRON METHODS === #

    @api.model
    def _cron_purge(self):
        """By each company's own days; one that fails does not stop the others."""
        progress = self.env["ir.cron"]
        links = self.env["kavi.membership.link"].sudo()
        month_ago = fields.Datetime.subtract(fields.Datetime.now(), days=30)
        links.search([("expires_at", "<", month_ago)]).unlink()
        todo = []
        for company in self.env["res.company"].search(Domain.TRUE):
            todo += [(one, "_drop") for one in self._find_drafts(company)]
            todo += [(one, "_anonymize") for one in self._find_denied(company)]
        progress._commit_progress(remaining=len(todo))
        for one, act in todo:
            try:
                with self.env.cr.savepoint():
                    getattr(one, act)()
                    self.env.flush_all()
            except OperationalError:
                raise
            except Exception:
                _logger.exception("Application %s cannot be removed", one.id)
            if not progress._commit_progress(1):
                break

    # === HELPER METHODS === #

    @api.model
    def _find_drafts(self, company):
        before = fields.Datetime.subtract(
            fields.Datetime.now(), days=company.members_draft_days
        )
        return self.search(
            [
                ("company_id", "=", company.id),
                ("state", "in", ("draft", "unconfirmed")),
                "|",
                ("purge_after", "<", company._billing_today()),
                "&",
                ("purge_after", "=", False),
                ("write_date", "<", before),
            ]
        )

    @api.model
    def _find_denied(self, company):
        if not company.members_denied_months:
            return self.browse()
        before = fields.Datetime.subtract(
            fields.Datetime.now(), months=company.members_denied_months
        )
        return self.search(
            [
                ("company_id", "=", company.id),
                ("state", "in", ("done", "withdrawn")),
                ("partner_id.kavi_is_pending_member", "=", True),
                ("partner_id.active", "=", True),
                ("membership_ids.moderated_at", "<", before),
                ("membership_ids.state", "=", "denied"),
            ]
        ).filtered(
            lambda one: (
                set(one.membership_ids.mapped("state")) <= {"denied", "canceled"}
            )
        )

    def _drop(self):
        self.answer_ids.attachment_ids.unlink()
        self.unlink()

    def _anonymize(self):
        for one in self:
            contacts = one.partner_id | one.contact_ids.partner_id
            state = one.state
            one._blank(contacts.filtered("kavi_is_pending_member"))
            one._write_facts({"state": state})
