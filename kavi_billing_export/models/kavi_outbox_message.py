import json
import logging
import time

import requests

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.kavi_billing.tools.const import ACCOUNTING_GROUPS

from ..tools import outbound

_logger = logging.getLogger(__name__)

# How long the content of a message that was delivered is kept: a receiver that goes
# back to its last quarterly backup can still fetch it, and what names people is not
# kept twice for ever.
KEEP_DAYS = 100
BATCH = 1000


class KaviOutboxMessage(models.Model):
    """What is sent of one document: the same every time, until it was delivered.

    When the receiver's answer is lost, the same message is sent under the same id
    (F-20).
    """

    _name = "kavi.outbox.message"
    _inherit = ["kavi.protected.mixin", "kavi.retry.mixin"]
    _description = "Accounting Outbox Message"
    _order = "id desc"
    _rec_name = "external_id"

    outbox_id = fields.Many2one(
        "kavi.outbox", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="outbox_id.company_id", store=True, index=True)
    move_id = fields.Many2one(
        "account.move",
        string="Entry",
        readonly=True,
        ondelete="set null",
        groups=ACCOUNTING_GROUPS,
    )
    external_id = fields.Char(string="Document ID", required=True, readonly=True)
    number = fields.Integer(
        readonly=True, string="Sequence", help="Its number in the outbox, from 1."
    )
    document = fields.Char(readonly=True)
    payload = fields.Text(string="Content", readonly=True)
    state = fields.Selection(
        [
            ("new", "New"),
            ("waiting", "Waiting"),
            ("sent", "Sent"),
            ("failed", "Undelivered"),
            ("void", "Void"),
        ],
        default="new",
        required=True,
        readonly=True,
        help="Waiting: to be posted or fetched. Void: the entry was reset before that.",
    )
    is_purged = fields.Boolean(
        string="Purged", readonly=True, help="Its content is no longer kept."
    )

    _move_uniq = models.UniqueIndex(
        "(move_id) WHERE move_id IS NOT NULL", "This document has its message."
    )
    _external_uniq = models.UniqueIndex(
        "(outbox_id, external_id)", "This document has its message."
    )
    _number_uniq = models.UniqueIndex(
        "(outbox_id, number) WHERE number > 0", "This number was given before."
    )
    _new_idx = models.Index("(outbox_id, id) WHERE state = 'new'")
    _purge_idx = models.Index("(write_date) WHERE state = 'sent' AND NOT is_purged")
    _due_idx = models.Index("(outbox_id, next_try) WHERE state = 'waiting'")

    # === BUSINESS METHODS === #

    def _set_content(self, number, document):
        """Fix what is sent: whoever asks again gets the same."""
        self.ensure_one()
        payload = {"sequence": number, **document}
        payload.pop("decimals")
        self.write(
            {
                "number": number,
                "document": document["number"],
                "payload": json.dumps(payload, default=str),
                "state": "waiting",
                "next_try": fields.Datetime.now(),
            }
        )

    def _post(self):
        """Post the message.

        :return: whether the receiver answered at all
        """
        self.ensure_one()
        outbox = self.outbox_id
        body = self.payload.encode()
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-Kavi-Message": self.external_id,
            "X-Kavi-Timestamp": timestamp,
            "X-Kavi-Signature": f"sha256={outbox._sign(timestamp, body)}",
        }
        try:
            status = outbound.post(
                outbox.url,
                data=body,
                headers=headers,
                allowed=outbox._get_allowed_hosts(),
            )
        except outbound.ForbiddenAddress:
            self._put_off(
                self.env._(
                    "This address is in the server's own network. Nothing is sent "
                    "there, unless the server's administrator allows it."
                )
            )
            return False
        except requests.RequestException as error:
            # the text of the error may hold the whole address; what was found there
            # is for who runs the server, and not for who typed the address
            _logger.info("Message %s: %s", self.external_id, type(error).__name__)
            self._put_off(self.env._("The receiver did not answer in time."))
            return False
        if 200 <= status < 300:
            self.write({"state": "sent", "next_try": False, "error": False})
        else:
            self._put_off(f"HTTP {status}")
        return True

    def _put_off(self, error):
        next_try = super()._put_off(error)
        if not next_try:
            _logger.info("Message %s was not delivered: %s", self.external_id, error)
        return next_try

    # === CRON METHODS === #

    @api.model
    def _cron_purge(self):
        """Drop the content of what was delivered long ago.

        The row stays: it is the proof that the document was sent once, and its id.
        """
        before = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS)
        domain = Domain("state", "=", "sent") & Domain("write_date", "<", before)
        domain &= Domain("is_purged", "=", False)
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=self.search_count(domain))
        while old := self.search(domain, order="id", limit=BATCH):
            old.write({"payload": False, "is_purged": True})
            if not progress._commit_progress(len(old)):
                break

    # === ACTION METHODS === #

    def action_retry(self):
        """Post messages once more, now."""
        self.env["kavi.bill"]._check_role("administrator")
        self.check_access("read")
        # sudo: the role was checked; messages are written by nobody
        again = self.sudo().filtered(lambda one: one.state in ("failed", "waiting"))
        again.write({"state": "waiting", "tries": 0, "next_try": fields.Datetime.now()})
        self.env.ref("kavi_billing_export.cron_post_outbox").sudo()._trigger()
