from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

# Days that an event which nobody could verify is kept.
UNVERIFIED_DAYS = 3


class KaviGatewayEvent(models.Model):
    """An event of the gateway: verified, stored once, acknowledged, then processed.

    ``receive`` takes it in, ``process`` works on it. Where the gateway does not say in
    time whether it is genuine, it is kept apart until the job has asked.

    It is a hint only: what it is about is fetched from the gateway, so the order in
    which events come, and how often, makes no difference.
    """

    _name = "kavi.gateway.event"
    _description = "Gateway Event"
    _inherit = ["kavi.protected.mixin", "kavi.retry.mixin"]
    _order = "id desc"
    _rec_name = "event_type"

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="provider_id.company_id", store=True, index=True
    )
    event_id = fields.Char(string="Event ID", required=True, readonly=True)
    event_type = fields.Char(string="Type", required=True, readonly=True, index=True)
    event_date = fields.Datetime(
        string="Happened", readonly=True, help="When the gateway made it."
    )
    create_date = fields.Datetime(string="Received")
    summary = fields.Char(readonly=True)
    payload = fields.Text(readonly=True, groups="base.group_system")
    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, index="btree_not_null"
    )
    state = fields.Selection(
        [
            ("unverified", "To Verify"),
            ("new", "To Do"),
            ("done", "Done"),
            ("ignored", "Not Ours"),
            ("failed", "Failed"),
        ],
        default="new",
        required=True,
        readonly=True,
        index=True,
    )
    next_try = fields.Datetime(index="btree_not_null")
    # what an event to be verified came with; nobody knows yet who has written it
    raw_body = fields.Text(readonly=True, groups="base.group_system")
    signature = fields.Json(readonly=True, groups="base.group_system")

    # what anybody may have sent does not keep the genuine one out
    _event_uniq = models.UniqueIndex(
        "(provider_id, event_id) WHERE state != 'unverified'",
        "This event was received before.",
    )

    # === ACTION METHODS === #

    def action_retry(self):
        """Process failed events again, now."""
        self.env["kavi.bill"]._check_role("administrator")
        self.check_access("read")
        again = self.sudo().filtered(
            lambda event: event.state in ("new", "failed") and event.payload
        )
        again.write({"state": "new", "tries": 0, "next_try": fields.Datetime.now()})
        self.env.ref("kavi_commerce.cron_events").sudo()._trigger()

    # === BUSINESS METHODS === #

    @api.model
    def _purge(self, company, before):
        """Remove what old events of a company say of payers."""
        self.sudo().search(
            Domain("company_id", "=", company.id)
            & Domain("create_date", "<", before)
            & Domain("state", "!=", "new")
            & Domain("payload", "!=", False)
        ).write({"payload": False, "summary": False})

    @api.autovacuum
    def _gc_unverified(self):
        """Remove what nobody could verify: the nightly report tells what it told."""
        before = fields.Datetime.now() - timedelta(days=UNVERIFIED_DAYS)
        self.search(
            Domain("state", "=", "unverified") & Domain("create_date", "<", before)
        ).unlink()
