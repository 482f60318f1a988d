import hashlib
import hmac
import json
import secrets
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.const import BATCH
from ..tools.outbound import is_allowed, parse_hosts

# Receivers in our own network, "host" or "host:port" with commas between. Who may type
# an address is not who may say what the server reaches.
HOSTS_PARAM = "kavi_billing_export.outbox_hosts"


class KaviOutbox(models.Model):
    """Documents sent to another program as they are posted (BB-16).

    A message for each, which is written in the transaction that posts the document, so
    none is lost and none is sent of what was rolled back. Messages get their numbers
    later, one after the other: a receiver that has read up to a number has read all
    before it. That would not hold for ids: transactions commit in another order.
    """

    _name = "kavi.outbox"
    _inherit = ["kavi.protected.mixin"]
    _description = "Accounting Outbox"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    url = fields.Char(
        string="Post To",
        help="Where each message is posted. Empty: the receiver fetches them.",
    )
    fetch_path = fields.Char(string="Fetch From", compute="_compute_fetch_path")
    # whoever knows it could sign for us: shown once, when it is made
    secret = fields.Char(copy=False, groups=fields.NO_ACCESS)
    key_digest = fields.Char(copy=False, groups=fields.NO_ACCESS)
    last_number = fields.Integer(readonly=True, copy=False)
    fetched_number = fields.Integer(
        string="Fetched Up To",
        readonly=True,
        copy=False,
        help="A receiver that asks for what comes after a number has all up to it.",
    )
    message_ids = fields.One2many(
        "kavi.outbox.message", "outbox_id", string="Messages", readonly=True
    )
    message_count = fields.Integer(compute="_compute_message_count")
    failed_count = fields.Integer(
        string="Undelivered", compute="_compute_message_count"
    )

    _company_uniq = models.UniqueIndex(
        "(company_id)", "This company has an outbox already; it may be archived."
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_fetch_path(self):
        for outbox in self:
            base = outbox.get_base_url()
            outbox.fetch_path = (
                f"{base}/kavi_billing/outbox/{outbox.id}" if outbox.id else False
            )

    def _compute_message_count(self):
        counts = {
            (outbox, state): count
            for outbox, state, count in self.env["kavi.outbox.message"]._read_group(
                [("outbox_id", "in", self.ids)], ["outbox_id", "state"], ["__count"]
            )
        }
        for outbox in self:
            outbox.failed_count = counts.get((outbox, "failed"), 0)
            outbox.message_count = sum(
                count
                for (owner, state), count in counts.items()
                if owner == outbox and state not in ("new", "void")
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("url")
    def _check_url(self):
        allowed = self._get_allowed_hosts()
        for outbox in self.filtered("url"):
            try:
                parts = urlsplit(outbox.url)
                known = is_allowed(parts.hostname or "", parts.port, allowed)
            except ValueError:
                raise ValidationError(self.env._("This is no address.")) from None
            if not parts.hostname or (
                parts.scheme != "https" and not (parts.scheme == "http" and known)
            ):
                raise ValidationError(
                    self.env._(
                        "Messages are posted to an address that starts with https://, "
                        "for they hold names and amounts."
                    )
                )
            if parts.username or parts.password:
                raise ValidationError(
                    self.env._(
                        "Leave user and password out of the address: the receiver "
                        "checks the signature of each message instead."
                    )
                )

    # === ACTION METHODS === #

    def action_new_key(self):
        """Make the key with which the receiver fetches; the former one is void."""
        key = self._check_configurable()
        self.sudo().key_digest = self._digest(key)
        return self._show_once(self.env._("Key to fetch with"), key)

    def action_new_secret(self):
        """Make the secret that messages are signed with; the former one is void."""
        secret = self._check_configurable()
        self.sudo().secret = secret
        return self._show_once(self.env._("Secret to check signatures with"), secret)

    # === BUSINESS METHODS === #

    @api.model
    def _record(self, moves):
        """Note that entries were posted, for the companies that have an outbox."""
        # sudo: an officer posts, who sees no outbox
        self, moves = self.sudo(), moves.sudo()  # noqa: PLW0642
        outboxes = self.search(Domain("company_id", "in", moves.company_id.ids))
        if not outboxes:
            return
        by_company = {outbox.company_id: outbox for outbox in outboxes}
        moves = moves.filtered(
            lambda move: (
                move.company_id in by_company
                and (
                    move.kavi_bill_id
                    or move.is_kavi_fee
                    or move.commercial_partner_id.is_billing_account
                )
            )
        )
        Message = self.env["kavi.outbox.message"]
        known = Message.search([("move_id", "in", moves.ids)])
        # reset before their message was sent, now posted after all
        known.filtered(lambda message: message.state == "void").state = "new"
        moves -= known.move_id
        document = self.env["kavi.accounting.document"]
        namespace = document._get_namespace()
        Message.create(
            [
                {
                    "outbox_id": by_company[move.company_id].id,
                    "move_id": move.id,
                    "external_id": document._get_document_id(move.id, namespace),
                }
                for move in moves
            ]
        )
        if moves and outboxes.filtered("url"):
            self.env.ref("kavi_billing_export.cron_post_outbox")._trigger()

    def _number_messages(self):
        """Give new messages their content and their numbers, oldest first.

        If somebody else is at it, nothing is done: they do the same.

        :return: how many there were; never more than ``BATCH``
        """
        self.ensure_one()
        if not self.try_lock_for_update(allow_referencing=True):
            return 0
        new = self.env["kavi.outbox.message"].search(
            [("outbox_id", "=", self.id), ("state", "=", "new")],
            order="id",
            limit=BATCH,
        )
        if not new:
            return 0
        document = self.env["kavi.accounting.document"]
        rows = document._find_documents(
            self.company_id, SQL("ledger.move_id = ANY(%s)", new.move_id.ids)
        )
        documents = {doc["id"]: doc for doc in document._read_documents(rows)}
        number = self.last_number
        for message in new:
            doc = documents.get(message.external_id)
            if not doc:
                # reset before it was sent, or no document of an account
                message.state = "void"
                continue
            number += 1
            message._set_content(number, doc)
        self.last_number = number
        return len(new)

    def _fetch(self, after, limit):
        """Messages after a number, for a receiver that has shown its key.

        :return: dict: ``messages``, and ``more``: whether there are others already; or
            ``gone``: the last number after which they are no longer kept
        """
        self.ensure_one()
        self._number_messages()
        self._note_fetched(after)
        gone = self.env["kavi.outbox.message"].search(
            [
                ("outbox_id", "=", self.id),
                ("number", ">", after),
                ("is_purged", "=", True),
            ],
            order="number desc",
            limit=1,
        )
        if gone:
            return {"gone": gone.number}
        found = self.env["kavi.outbox.message"].search(
            [("outbox_id", "=", self.id), ("number", ">", after)],
            order="number",
            limit=min(limit, BATCH) + 1,
        )
        page = found[: min(limit, BATCH)]
        return {
            "messages": [json.loads(message.payload) for message in page],
            "more": len(found) > len(page),
        }

    def _note_fetched(self, number):
        """The receiver has all up to a number."""
        if not self.fetched_number < number <= self.last_number:
            return
        fetched = Domain("outbox_id", "=", self.id)
        fetched &= Domain("number", ">", self.fetched_number)
        fetched &= Domain("number", "<=", number) & Domain("state", "=", "waiting")
        if not self.url:  # otherwise it is the post that counts
            self.env["kavi.outbox.message"].search(fetched).state = "sent"
        self.fetched_number = number

    # === CRON METHODS === #

    @api.model
    def _cron_post(self):
        """Post what is due, oldest first."""
        progress = self.env["ir.cron"]
        outboxes = self.search(Domain("url", "!=", False)).filtered(
            lambda outbox: outbox.sudo().secret
        )
        for outbox in outboxes:
            while outbox._number_messages() == BATCH:
                progress._commit_progress()
        due = self.env["kavi.outbox.message"].search(
            Domain("outbox_id", "in", outboxes.ids)
            & Domain("state", "=", "waiting")
            & Domain("next_try", "<=", fields.Datetime.now()),
            order="outbox_id, number",
        )
        progress._commit_progress(remaining=len(due))
        unreachable = self.browse()
        for message in due:
            # one that does not answer would keep us waiting for each of its messages
            if message.outbox_id not in unreachable:
                if not message._post():
                    unreachable += message.outbox_id
            if not progress._commit_progress(1):
                break

    # === HELPER METHODS === #

    @api.model
    def _get_allowed_hosts(self):
        """Where messages may go although only this server's network reaches it."""
        # sudo: a billing administrator reads no system parameters
        param = self.env["ir.config_parameter"].sudo().get_param(HOSTS_PARAM)
        return parse_hosts(param)

    def _check_configurable(self):
        """:return: a new random text, for an administrator"""
        self.ensure_one()
        self.env["kavi.bill"]._check_role("administrator")
        self.check_access("write")
        return secrets.token_urlsafe(32)

    def _show_once(self, title, text):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": title,
                "message": self.env._("%s  (it is shown only now: keep it)", text),
                "type": "warning",
                "sticky": True,
            },
        }

    @api.model
    def _digest(self, key):
        return hashlib.sha256(key.encode()).hexdigest()

    def _is_key(self, key):
        """Whether it is the key of this outbox; takes as long when there is none."""
        known = self.sudo().key_digest if self else ""
        same = hmac.compare_digest(self._digest(key or ""), known or "-" * 64)
        return bool(same and key and known)

    def _sign(self, timestamp, body):
        """HMAC-SHA256 over the moment, a point, and the body.

        :param str timestamp: seconds since 1970
        :param bytes body: as it is sent
        """
        self.ensure_one()
        content = timestamp.encode() + b"." + body
        secret = (self.sudo().secret or "").encode()
        return hmac.new(secret, content, hashlib.sha256).hexdigest()
