from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.form_rules import clean, is_address


class KaviMembershipSeat(models.Model):
    """A person of a member company. Bound to the series: a renewal copies nothing."""

    _name = "kavi.membership.seat"
    _inherit = ["kavi.member.guard.mixin"]
    _description = "Membership Seat"
    _order = "series_id, id"
    _rec_name = "partner_id"
    _check_company_auto = True

    series_id = fields.Many2one(
        "kavi.membership", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="series_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Person",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("is_company", "=", False)],
    )
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="Until")
    source = fields.Selection(
        [
            ("admin", "Officer"),
            ("company_admin", "Company Administrator"),
            ("domain", "E-Mail Domain"),
            ("form", "Application"),
            ("code", "Code"),
            ("import", "Upload"),
        ],
        required=True,
        default="admin",
    )
    application_id = fields.Many2one(
        "kavi.membership.application",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    state = fields.Selection(
        [("waiting", "Waiting"), ("active", "Active"), ("ended", "Ended")],
        required=True,
        readonly=True,
        default="waiting",
    )

    _person_uniq = models.UniqueIndex(
        "(series_id, partner_id) WHERE date_to IS NULL",
        "This person has a seat there already.",
    )
    _dates_fit = models.Constraint(
        "CHECK(date_to IS NULL OR date_from <= date_to)",
        "A seat ends on the day on which it starts, or later.",
    )

    # === ACTION METHODS === #

    def action_activate(self):
        self._check_role("officer")
        self.check_access("write")
        self._for_books()._activate()
        return True

    def action_end(self):
        self._check_role("officer")
        self.check_access("write")
        self._for_books()._end()
        return True

    # === BUSINESS METHODS === #
    # Callers have asked for the right: an officer's, or a company administrator's.

    @api.model
    def _invite(self, member, name, email, source):
        """Give somebody a seat, by name and e-mail address; a person of the company who
        has that address is taken, else a contact is made.

        :param member: ``kavi.membership``, the term that runs
        :return: the seat; the person gets a mail with a log-in link
        :raise UserError: when there is no free seat, or the address is none
        """
        member.ensure_one()
        name, email = clean(name, 128)[0], clean(email, 254)[0].lower()
        if not name or not is_address(email):
            raise UserError(self.env._("Enter a name and an e-mail address."))
        member.series_id._wait_for_rows()
        company = member.partner_id
        people = company.with_context(active_test=False).child_ids
        person = people.filtered(
            lambda one: not one.is_company and (one.email_normalized or "") == email
        )[:1]
        if not person:
            person = self.env["res.partner"].create(
                {
                    "name": name,
                    "email": email,
                    "parent_id": company.id,
                    "kavi_purpose": "representative",
                }
            )
        taken = member.series_id.seat_ids.filtered(
            lambda seat: seat.partner_id == person and seat.state != "ended"
        )
        if taken:
            raise UserError(self.env._("%s has a seat already.", person.name))
        member._check_free_seat()
        seat = self.create(
            {
                "series_id": member.series_id.id,
                "partner_id": person.id,
                "date_from": member.company_id._billing_today(),
                "source": source,
            }
        )
        seat._activate()
        member._welcome_people(person)
        return seat

    def _activate(self):
        """From now on these people have what the membership gives."""
        for seat in self.filtered(lambda seat: seat.state == "waiting"):
            seat.series_id._wait_for_rows()
            seat.series_id._get_running_term()._check_free_seat()
            seat._write_facts({"state": "active"})
        self.partner_id._update_member_access()

    def _end(self):
        """Take the seats back: what the membership gave goes with them, unless another
        one gives it, too."""
        for seat in self.filtered(lambda seat: seat.state != "ended"):
            today = seat.company_id._billing_today()
            seat._write_facts({"state": "ended", "date_to": max(today, seat.date_from)})
        self.partner_id._update_member_access()
