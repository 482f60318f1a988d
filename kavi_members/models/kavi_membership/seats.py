from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.state import RUNNING


class KaviMembership(models.Model):
    """The seats of a company's membership: how many there are, how many are left."""

    _inherit = "kavi.membership"

    seats_used = fields.Integer(compute="_compute_seats_used", compute_sudo=True)
    seats_left = fields.Integer(
        compute="_compute_seats_used",
        compute_sudo=True,
        help="-1: as many as they like.",
    )

    # === COMPUTE METHODS === #

    def _compute_seats_used(self):
        counts = dict(
            self.env["kavi.membership.seat"]._read_group(
                [("series_id", "in", self.series_id.ids), ("state", "=", "active")],
                ["series_id"],
                ["__count"],
            )
        )
        for one in self:
            limit, used = one.type_id.seat_limit, counts.get(one.series_id, 0)
            one.seats_used = used
            # a type with fewer seats ends nobody's: none is free until some are ended
            one.seats_left = -1 if limit < 0 else max(limit - used, 0)

    # === BUSINESS METHODS === #

    def _get_running_term(self):
        """The term of these series that runs; the last, if none does."""
        found = self.env["kavi.membership"].search(
            [("series_id", "in", self.series_id.ids)], order="date_start, id"
        )
        running = found.filtered(lambda one: one.state in RUNNING)
        return (running or found or self)[-1:]

    def _has_free_seat(self):
        self.ensure_one()
        return self.seats_left != 0

    def _check_free_seat(self):
        """Refuse one more seat than there are."""
        for one in self:
            one.invalidate_recordset(["seats_used", "seats_left"])
            if not one._has_free_seat():
                raise UserError(
                    self.env._(
                        "All %(count)s seats of %(company)s are taken. End one first.",
                        count=max(one.type_id.seat_limit, 0),
                        company=one.partner_id.name,
                    )
                )
