from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...importer.parse import FileParser
from .base import BUSY


class KaviImport(models.Model):
    """Who imports, when, and with which settings."""

    _inherit = "kavi.import"

    # === HELPER METHODS === #

    def _may_go_on(self):
        """Whether who started the import may still import."""
        self.ensure_one()
        user = self.env.user
        return (
            user.active
            and self.company_id in user.company_ids
            and user.has_group("kavi_billing.group_billing_administrator")
        )

    def _check_own_fields(self):
        raise UserError(
            self.env._("How far an import is, follows from what is done with it.")
        )

    def _check_unlocked(self):
        """The file and how it is read stay what they are once rows of it are in."""
        self._check_not_working()
        for record in self:
            if record.is_started:
                raise UserError(
                    self.env._(
                        "Rows of this file are imported: start another import to "
                        "change how it is read."
                    )
                )

    def _check_not_working(self):
        for record in self:
            if record.state in BUSY:
                raise UserError(
                    self.env._(
                        "The rows of this file are being worked on. Wait until that is "
                        "done, or stop it."
                    )
                )

    def _check_importer(self):
        """Only administrators import, into the companies they work in."""
        self.env["kavi.bill"]._check_role("administrator")
        for company in self.company_id:
            if not self.env.su and company not in self.env.companies:
                raise UserError(
                    self.env._(
                        "Choose %s among your companies to import into it.",
                        company.name,
                    )
                )

    def _check_settings(self):
        """Refuse what would fail with every row, with what to do about it."""
        self.ensure_one()
        FileParser(self).check_columns()
        if not self._books_something():
            return
        company = self.company_id
        today = company._billing_today()
        if not self.opening_date:
            raise UserError(
                self.env._("Choose the day on which what is open is booked.")
            )
        if self.opening_date > today:
            raise UserError(
                self.env._("What is open is booked today or on an earlier day.")
            )
        account = self.sudo().opening_account_id
        if account.account_type in ("asset_receivable", "liability_payable"):
            raise UserError(
                self.env._(
                    "%s is what accounts owe or are owed: choose another opening "
                    "account.",
                    account.display_name,
                )
            )
        # sudo: dates of the books, for who may not see them
        locks = company.sudo()._get_violated_lock_dates(
            self.opening_date, False, self._get_opening_journal()
        )
        if locks:
            raise UserError(
                self.env._(
                    "The books are closed until %s: choose a later day, or ask the "
                    "accountant to open the period.",
                    format_date(self.env, locks[-1][0]),
                )
            )
