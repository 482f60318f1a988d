from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

# What identifies the payer or the card, here and in Odoo's own fields.
IDENTIFYING = (
    "card_brand card_last_digits card_expiry payer_name payer_email partner_name "
    "partner_email partner_address partner_zip partner_city partner_state_id "
    "partner_country_id partner_phone approve_url return_reason"
).split()
FINAL = ("done", "error", "cancel")
BATCH = 500
NAMED = 20  # bills that are named, of those that will freeze
NOTICE = 1  # months between telling the administrators and the purge


class PaymentTransaction(models.Model):
    """Removes what identifies payer and card from old transactions, and freezes their
    bills."""

    _inherit = "payment.transaction"

    purge_date = fields.Date(
        string="To Be Purged On",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The day that the administrators were told.",
    )

    # === CRON METHODS === #

    @api.model
    def _cron_purge(self):
        """Purge transactions that have not changed for the months of the settings
        (KC-35), once the administrators have known of it for a month."""
        for company in self.env["res.company"].sudo().search(Domain.TRUE):
            months = company.billing_gateway_purge_months
            if not months:
                continue
            before = self._get_purge_limit(months)
            self.env["kavi.gateway.event"]._purge(company, before)
            self._announce_purge(company)
            old = self._find_purgeable(company, before)._filter_announced(company)
            self.env["ir.cron"]._commit_progress(remaining=len(old))
            for start in range(0, len(old), BATCH):
                batch = old[start : start + BATCH]
                batch._kavi_purge()
                if not self.env["ir.cron"]._commit_progress(len(batch)):
                    return

    # === BUSINESS METHODS === #

    @api.model
    def _find_purgeable(self, company, before):
        """Transactions of bills that are final, as their source and children are, and
        have not changed since ``before``."""
        old = self.sudo().search(
            Domain("company_id", "=", company.id)
            & Domain("kavi_line_ids", "!=", False)
            & Domain("is_purged", "=", False)
            & Domain("state", "in", FINAL)
            & Domain("last_state_change", "<", before)
            & Domain("next_check_date", "=", False)
        )
        return old.filtered(
            lambda tx: all(
                relative.state in FINAL and relative.last_state_change < before
                for relative in tx.source_transaction_id | tx.child_transaction_ids
            )
        )

    @api.model
    def _get_purge_limit(self, months):
        """What has not changed since then is purged after so many months."""
        return fields.Datetime.subtract(fields.Datetime.now(), months=months)

    def _filter_announced(self, company):
        """Those of these transactions whose day has come."""
        today = company._billing_today()
        return self.filtered(lambda tx: tx.purge_date and tx.purge_date <= today)

    @api.model
    def _announce_purge(self, company):
        """Tell the administrators of a company, a month ahead, how many bills will
        freeze and when.

        One batch at a time, or there would be something to read every day.
        """
        day = fields.Date.add(company._billing_today(), months=NOTICE)
        if self._get_announced(company).filtered(
            lambda tx: tx.purge_date > company._billing_today()
        ):
            return
        limit = self._get_purge_limit(company.billing_gateway_purge_months)
        soon = self._find_purgeable(company, fields.Datetime.add(limit, months=NOTICE))
        soon = soon.filtered(lambda tx: not tx.purge_date)
        soon.purge_date = day
        bills = soon._get_freezing_bills()
        if bills:
            bills.sorted("id")[0]._alert_administrators(
                self.env._("%s bills will freeze", len(bills)),
                self.env._(
                    "On %(day)s, %(transactions)s card transactions without any change "
                    "for %(months)s months lose what identifies payer and card, and "
                    "%(bills)s bills freeze: they cannot be edited, refunded or "
                    "canceled any more. What is still to be done with them, do before. "
                    "The number of months is set under Billing → Configuration → "
                    "Settings. The bills: %(names)s",
                    day=format_date(self.env, day),
                    transactions=len(soon),
                    months=company.billing_gateway_purge_months,
                    bills=len(bills),
                    names=", ".join(bills[:NAMED].mapped("name"))
                    + (" …" if len(bills) > NAMED else ""),
                ),
                deadline=day,
            )

    @api.model
    def _get_announced(self, company):
        """The transactions of a company that are about to be purged."""
        return self.sudo().search(
            Domain("company_id", "=", company.id)
            & Domain("purge_date", "!=", False)
            & Domain("is_purged", "=", False)
        )

    def _get_freezing_bills(self):
        """The bills that freeze when these transactions are purged."""
        txs = self.sudo()
        return txs.bill_ids.filtered(
            lambda bill: (
                not bill._get_refusal("freeze")
                and all(tx.is_purged or tx in txs for tx in bill.transaction_ids)
            )
        )

    def _kavi_purge(self):
        """Remove personal data, and freeze the bills that are settled or canceled."""
        txs = self._for_books()
        txs.write({**dict.fromkeys(IDENTIFYING, False), "is_purged": True})
        txs.gateway_message_ids.write({"detail": False, "text": False})
        txs.env["kavi.gateway.event"].search([("transaction_id", "in", txs.ids)]).write(
            {"payload": False, "summary": False}
        )
        txs._get_freezing_bills()._freeze()
