from odoo import api, fields, models
from odoo.fields import Domain

# What identifies the payer or the card, here and in Odoo's own fields.
IDENTIFYING = (
    "card_brand card_last_digits card_expiry payer_name payer_email partner_name "
    "partner_email partner_address partner_zip partner_city partner_state_id "
    "partner_country_id partner_phone approve_url return_reason"
).split()
FINAL = ("done", "error", "cancel")
BATCH = 500


class PaymentTransaction(models.Model):
    """Removes what identifies payer and card from old transactions, and freezes their
    bills."""

    _inherit = "payment.transaction"

    # === CRON METHODS === #

    @api.model
    def _cron_purge(self):
        """Purge transactions that have not changed for the months of the settings
        (KC-35)."""
        for company in self.env["res.company"].sudo().search(Domain.TRUE):
            months = company.billing_gateway_purge_months
            if not months:
                continue
            before = fields.Datetime.subtract(fields.Datetime.now(), months=months)
            self.env["kavi.gateway.event"]._purge(company, before)
            old = self._find_purgeable(company, before)
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

    def _kavi_purge(self):
        """Remove personal data, and freeze the bills that are settled or canceled."""
        txs = self._for_books()
        txs.write({**dict.fromkeys(IDENTIFYING, False), "is_purged": True})
        txs.gateway_message_ids.write({"detail": False, "text": False})
        txs.env["kavi.gateway.event"].search([("transaction_id", "in", txs.ids)]).write(
            {"payload": False, "summary": False}
        )
        bills = txs.bill_ids.filtered(
            lambda bill: (
                not bill._get_refusal("freeze")
                and all(tx.is_purged for tx in bill.transaction_ids)
            )
        )
        bills._freeze()
