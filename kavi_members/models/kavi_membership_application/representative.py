from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.form_rules import get_domain


class KaviMembershipApplication(models.Model):
    """Who joins a member company: has a seat there, once that is decided (KM-31)."""

    _inherit = "kavi.membership.application"

    seat_ids = fields.One2many("kavi.membership.seat", "application_id", string="Seats")

    # === ACTION METHODS === #

    def action_approve_representative(self):
        self._approve_representative()
        return True

    def action_deny_representative(self):
        self._deny_representative()
        return True

    # === BUSINESS METHODS === #

    def _approve_representative(self):
        """Let people represent the company that they have named."""
        for one in self._lock_representatives():
            one._seat_person()
            one.message_post(body=self.env._("Approved."))
            one._send_mail("mail_template_representative_approved")

    def _deny_representative(self):
        for one in self._lock_representatives():
            one.seat_ids.filtered(lambda seat: seat.state == "waiting").unlink()
            one._write_facts({"state": "done"})
            one.message_post(body=self.env._("Denied."))

    def _seat_representative(self, typed):
        """The seat of who has applied: at once, where the domain says whose they are
        and nobody is asked."""
        self.ensure_one()
        company = self.partner_id.parent_id
        member = self._get_company_membership(company)
        is_by_domain = bool(self.email_confirmed_at) and self._is_by_domain(typed)
        self.env["kavi.membership.seat"].create(
            {
                "series_id": member.series_id.id,
                "partner_id": self.partner_id.id,
                "date_from": self.company_id._billing_today(),
                "source": "domain" if is_by_domain else "form",
                "state": "waiting",
                "application_id": self.id,
            }
        )
        if is_by_domain and not self.form_id.moderate and member._has_free_seat():
            self._seat_person()
        else:
            member._alert_officers(
                self.env._("Somebody wants to represent %s", company.name),
                self.env._("Approve or deny the application %s.", self.name),
            )

    # === HELPER METHODS === #

    def _is_by_domain(self, typed=None):
        """Whether the company is found by the domain of the address, which is therefore
        confirmed first."""
        self.ensure_one()
        if self.kind != "representative":
            return False
        typed = typed or self.typed or {}
        people = typed.get("people") or [{}]
        rule = self.env["kavi.domain.rule"]._find(
            get_domain(people[0].get("email")), self.company_id
        )
        chosen = (typed.get("employer") or {}).get("id")
        return bool(rule) and chosen in (None, rule.partner_id.id)

    def _get_company_membership(self, company):
        """The membership in whose series the seat is; one that runs longest."""
        running = self.env["kavi.membership"].search(
            [
                ("partner_id", "=", company.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("current", "expired")),
            ]
        )
        found = running.sorted(
            lambda one: (one.date_end or fields.Date.to_date("9999-12-31"), one.id)
        )
        if not found:
            raise UserError(
                self.env._("%s is no member at present.", company.display_name)
            )
        return found[-1:]

    def _seat_person(self):
        self.ensure_one()
        seat = self.seat_ids.filtered(lambda seat: seat.state == "waiting")
        seat._activate()
        person = self.partner_id
        person.kavi_is_pending_member = False
        if not person.kavi_purpose:
            person.kavi_purpose = "representative"
        self._write_facts({"state": "done"})

    def _lock_representatives(self):
        """Those that are to be decided on, locked; with superuser rights, for seats and
        contacts are nobody's to write.

        :raise UserError: when one was decided on already
        """
        self._check_role("officer")
        self.check_access("write")
        found = self._for_books()
        found._wait_for_rows()
        for one in found:
            waits = one.seat_ids.filtered(lambda seat: seat.state == "waiting")
            if one.kind != "representative" or one.state != "open" or not waits:
                raise UserError(
                    self.env._("%s does not wait for a decision.", one.display_name)
                )
        return found
