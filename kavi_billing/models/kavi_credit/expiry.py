import logging
from collections import defaultdict
from datetime import date
from decimal import Decimal

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ...tools.proportion import spread

_logger = logging.getLogger(__name__)


class KaviCredit(models.Model):
    """How a credit expires: an entry takes the rest back (BB-14)."""

    _inherit = "kavi.credit"

    # === ACTION METHODS === #

    def action_expire(self):
        """Take back what is left of the credit."""
        self._expire()
        return True

    # === BUSINESS METHODS === #

    def _expire(self):
        """Write back what is left of these credits.

        :raise UserError: with the reason; then none of them expires
        """
        self._lock_in_state("open")
        for credit in self:
            if credit.kind == "overpayment":
                raise UserError(
                    self.env._(
                        "%s is money that the account has paid: it does not expire. "
                        "Apply it to a bill or refund it.",
                        credit.display_name,
                    )
                )
        rests = {credit: credit.amount_open for credit in self}
        credits = self._for_books()
        for company, batch in credits.grouped("company_id").items():
            batch.with_company(company)._post_write_backs(company._billing_today())
        credits.env.flush_all()
        self._log(
            {
                credit: self.env._(
                    "%s taken back: it was not used.", credit.currency_id.format(rest)
                )
                for credit, rest in rests.items()
            },
            on_account=True,
        )

    def _check_not_expired(self):
        for credit in self:
            today = credit.company_id._billing_today()
            if (credit.expiry_date or date.max) < today:
                raise UserError(
                    self.env._(
                        "Credit %(credit)s expired on %(expiry)s. Set a later day on "
                        "it, if it is still to be used.",
                        credit=credit.display_name,
                        expiry=fields.Date.to_string(credit.expiry_date),
                    )
                )

    # === CRON METHODS === #

    @api.model
    def _cron_expire(self):
        """Take back what was not used in time; a bad one does not stop the others."""
        by_day = defaultdict(list)
        # all companies: a job has no chosen ones
        for company in self.env["res.company"].sudo().search(Domain.TRUE):
            by_day[company._billing_today()].append(company.id)
        credits = self.browse()
        for day, company_ids in by_day.items():
            credits += self.search(
                [
                    ("company_id", "in", company_ids),
                    ("state", "=", "open"),
                    ("kind", "!=", "overpayment"),
                    ("expiry_date", "<", day),
                ]
            )
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(credits))
        for credit in credits:
            # whoever works on it now is served first; tomorrow is another night
            if credit.try_lock_for_update(allow_referencing=True):
                try:
                    with self.env.cr.savepoint():
                        credit._expire()
                except OperationalError:
                    raise
                except Exception as error:
                    _logger.exception("Credit %s cannot expire", credit.id)
                    credit._alert_administrators(
                        self.env._("The credit cannot expire"), str(error)
                    )
            if not progress._commit_progress(1):
                break

    # === HELPER METHODS === #

    def _post_write_backs(self, today):
        """Post the entries that take the rests back, and match them."""
        lines = {credit: credit._get_open_lines() for credit in self}
        for credit in self:
            self._check_open_period(
                credit.company_id,
                credit.move_id.journal_id,
                max(today, credit.move_id.date),
            )
        # the amounts are given to the cent, taxes too: nothing is to be computed again
        Move = self.env["account.move"].with_context(
            skip_invoice_sync=True, tracking_disable=True
        )
        entries = Move.create(
            [credit._prepare_write_back_vals(lines[credit], today) for credit in self]
        )
        entries._post(soft=False)
        self._match_with_entries(lines, entries)
        # only now: an entry that is posted as a reversal is matched by Odoo's own rule
        for credit, entry in zip(self, entries, strict=True):
            entry.reversed_entry_id = credit.move_id
        Move.env.flush_all()
        self._log_documents(entries)

    def _prepare_write_back_vals(self, lines, today):
        """Values of the entry that mirrors the credit note, as far as it is open.

        At the note's own rate, so no exchange difference comes of it; each account
        and tax gets back its share.
        """
        self.ensure_one()
        note = self.move_id
        others = note.line_ids.filtered(
            lambda line: (
                line.account_id and line.account_id.account_type != "asset_receivable"
            )
        )
        shares = {}
        for total, name, currency in (
            ("amount_residual_currency", "amount_currency", self.currency_id),
            ("amount_residual", "balance", self.company_currency_id),
        ):
            rest = Decimal(str(currency.round(sum(lines.mapped(total)))))
            weights = [Decimal(str(line[name])) for line in others]
            shares[name] = spread(rest, weights, currency.decimal_places, Decimal(1))
        receivable = {
            "account_id": lines.account_id.id,
            "amount_currency": -sum(lines.mapped("amount_residual_currency")),
            "balance": -sum(lines.mapped("amount_residual")),
            "date_maturity": max(today, note.date),
        }
        vals_list = [receivable] + [
            {
                "account_id": line.account_id.id,
                "amount_currency": float(amount_currency),
                "balance": float(balance),
                "tax_ids": [Command.set(line.tax_ids.ids)],
                "tax_repartition_line_id": line.tax_repartition_line_id.id,
                "tax_tag_ids": [Command.set(line.tax_tag_ids.ids)],
                "analytic_distribution": line.analytic_distribution,
            }
            for line, amount_currency, balance in zip(
                others, shares["amount_currency"], shares["balance"], strict=True
            )
        ]
        label = self.env._("Rest of credit %s taken back", self.name)
        for vals in vals_list:
            vals.update(
                name=label,
                partner_id=self.partner_id.id,
                currency_id=self.currency_id.id,
            )
        return {
            "move_type": "entry",
            "company_id": self.company_id.id,
            "journal_id": note.journal_id.id,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "date": max(today, note.date),
            "ref": label,
            "line_ids": [Command.create(vals) for vals in vals_list],
        }
