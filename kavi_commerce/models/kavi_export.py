from odoo import api, models


class KaviExport(models.Model):
    """Accounting programs learn which transaction a payment or refund by card is."""

    _inherit = "kavi.export"

    @api.model
    def _read_payment(self, move):
        vals = super()._read_payment(move)
        transaction = move.origin_payment_id.payment_transaction_id
        if transaction.order_id:
            # the order, as in our reports; then what the gateway's statement has
            numbers = (transaction.order_id, transaction.provider_reference)
            vals["payment_number"] = " ".join(filter(None, numbers))
        return vals
