from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools import hmac as keyed_hash


class KaviMembershipAttempt(models.Model):
    """How often an address has posted to the public forms in an hour. The address is
    not kept: a keyed hash of it is, for a day."""

    _name = "kavi.membership.attempt"
    _inherit = ["kavi.protected.mixin"]
    _description = "Posts to Application Forms"
    _order = "hour desc, id desc"
    _log_access = False

    key = fields.Char(required=True, readonly=True)
    hour = fields.Datetime(required=True, readonly=True, index=True)
    count = fields.Integer(required=True, readonly=True)

    _hour_uniq = models.UniqueIndex("(key, hour)")

    @api.model
    def _count(self, purpose, address):
        """Count one attempt.

        :return: how many there were in this hour, this one with them
        """
        hour = fields.Datetime.now().replace(minute=0, second=0, microsecond=0)
        key = keyed_hash(
            self.env(su=True), "kavi_members-attempt", f"{purpose} {hour} {address}"
        )
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO %s AS old (key, hour, count) VALUES (%s, %s, 1)
                ON CONFLICT (key, hour) DO UPDATE SET count = old.count + 1
                RETURNING count
                """,
                SQL.identifier(self._table),
                key,
                hour,
            )
        )
        return rows[0][0]

    @api.autovacuum
    def _gc_attempts(self):
        before = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        # sudo: nobody has rights on these
        self.sudo().search([("hour", "<", before)], limit=10000).unlink()
