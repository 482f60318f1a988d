import hashlib
import secrets

from odoo import api, fields, models


class KaviMembershipLink(models.Model):
    """A link that is used once: to renew, or to confirm an address (KM-44).

    Only a hash of its token is kept. Opening it changes nothing, for scanners of mail
    open links; what is posted uses it up, under a lock.
    """

    _name = "kavi.membership.link"
    _inherit = ["kavi.protected.mixin"]
    _description = "One-Time Link"
    _order = "id desc"
    _rec_name = "purpose"

    purpose = fields.Selection(
        [("renew", "Renew"), ("confirm", "Confirm the Address")],
        required=True,
        readonly=True,
    )
    membership_id = fields.Many2one(
        "kavi.membership", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    application_id = fields.Many2one(
        "kavi.membership.application",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
    )
    company_id = fields.Many2one("res.company", readonly=True, required=True)
    token_hash = fields.Char(required=True, readonly=True, groups="base.group_system")
    expires_at = fields.Datetime(required=True, readonly=True)
    used_at = fields.Datetime(readonly=True)
    sent_to = fields.Char(readonly=True)
    revoked = fields.Boolean(readonly=True)

    _token_uniq = models.UniqueIndex("(token_hash)")
    _one_record = models.Constraint(
        "CHECK(num_nonnulls(membership_id, application_id) = 1)",
        "A link belongs to one membership or one application.",
    )

    @api.model
    def _hash(self, token):
        return hashlib.sha256((token or "").encode()).hexdigest()

    @api.model
    def _make(self, purpose, record, days=30, sent_to=False):
        """Make a link for a membership or an application.

        :return: its token, which is kept nowhere
        """
        token = secrets.token_urlsafe(32)
        field = (
            "membership_id" if record._name == "kavi.membership" else "application_id"
        )
        # sudo: whoever may write to the member makes a link, and nobody reads it
        self.sudo().create(
            {
                "purpose": purpose,
                field: record.id,
                "company_id": record.company_id.id,
                "token_hash": self._hash(token),
                "expires_at": fields.Datetime.add(fields.Datetime.now(), days=days),
                "sent_to": sent_to,
            }
        )
        return token

    @api.model
    def _find(self, purpose, token):
        """The link of a token, whether it can still be used or not; or none."""
        # sudo: who has the token is who it was sent to
        return self.sudo().search(
            [("purpose", "=", purpose), ("token_hash", "=", self._hash(token))]
        )

    def _is_usable(self):
        self.ensure_one()
        return not (
            self.used_at or self.revoked or self.expires_at < fields.Datetime.now()
        )

    def _use(self):
        """Use the link up, under its row lock.

        :return: whether it still could be used
        """
        self.ensure_one()
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset()
        if not self._is_usable():
            return False
        self.used_at = fields.Datetime.now()
        return True
