from odoo import fields, models


class PaymentTransaction(models.Model):
    """Payments that the payer approved while their bills were changed or settled."""

    _inherit = "payment.transaction"

    outdated_at = fields.Datetime(
        string="Approved Too Late",
        readonly=True,
        copy=False,
        help="When the payer came back, having approved what the bill no longer asked: "
        "nothing was charged.",
    )

    def _kavi_note_return(self):
        """The payer comes back from the gateway. Where the attempt was closed meanwhile
        they are told on the page (see ``kavi.bill._get_outdated_notice``)."""
        closed = self.filtered(
            lambda tx: (
                tx.paypal_order_id
                and tx.state == "cancel"
                and not tx._get_mode_problem()  # this has a sentence of its own
            )
        )
        closed.outdated_at = fields.Datetime.now()
