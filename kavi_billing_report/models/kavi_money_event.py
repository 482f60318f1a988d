from odoo import api, fields, models

EVENT_KINDS = [
    ("failed_charge", "Failed Charge"),
    ("failed_return", "Failed Return"),
    ("void", "Void"),
    ("dispute", "Dispute"),
    ("unasked_charge", "Charge Nobody Asked For"),
]


class KaviMoneyEvent(models.Model):
    """What concerned money and left no entry: the books say nothing of it, the register
    of payments does (BB-15).

    Kept as it happened, whatever becomes of the document that it was about.
    """

    _name = "kavi.money.event"
    _inherit = ["kavi.protected.mixin"]
    _description = "Event Without An Entry"
    _order = "date desc, id desc"
    _rec_name = "reference"

    date = fields.Date(required=True, readonly=True)
    kind = fields.Selection(EVENT_KINDS, required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Account", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    bill_id = fields.Many2one(
        "kavi.bill", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    amount = fields.Monetary(readonly=True, help="What it was about; nothing moved.")
    reference = fields.Char(readonly=True, help="By which others know of it.")
    label = fields.Char(readonly=True, help="What happened.")

    # === BUSINESS METHODS === #

    @api.model
    def _record(self, kind, bill, amount, reference=None, label=None, currency=None):
        """Keep one event of a bill.

        :param str kind: a key of ``EVENT_KINDS``
        :param currency: of ``amount``; default the bill's
        """
        # sudo: whoever acts, the register has it
        return self.sudo().create(
            {
                "date": bill.company_id._billing_today(),
                "kind": kind,
                "partner_id": bill.partner_id.id,
                "company_id": bill.company_id.id,
                "currency_id": (currency or bill.currency_id).id,
                "bill_id": bill.id,
                "amount": amount,
                "reference": reference,
                "label": label and str(label)[:500],
            }
        )
