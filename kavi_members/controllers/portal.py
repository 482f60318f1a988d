from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request, route

from ..tools.state import RUNNING
from .base import MembersPages

PATH = "/my/memberships"
PAPERS = {
    "card": "kavi_members.action_report_card",
    "certificate": "kavi_members.action_report_certificate",
}
DONE = ("invited", "ended", "resent")


class MembersPortal(MembersPages):
    """*My Memberships*: one's own, those of the companies for which one speaks, and
    those in which one has a seat. Nobody reads memberships by RPC: the pages look for
    what is theirs, and no more."""

    # === WHOSE THEY ARE === #

    @staticmethod
    def _get_person():
        return request.env.user.sudo().partner_id  # their own contact

    def _get_companies(self):
        """The companies for which the user speaks."""
        person = self._get_person()
        # sudo: only those that name the person
        return (
            request.env["res.partner"]
            .sudo()
            .search(
                [
                    ("is_company", "=", True),
                    "|",
                    ("primary_contact_id", "=", person.id),
                    ("billing_admin_ids", "in", person.ids),
                ]
            )
        )

    def _get_memberships(self):
        """The memberships that the user may see, the newest first.

        sudo: portal users have no right on them; the domain says which are theirs.
        """
        person = self._get_person()
        seats = (
            request.env["kavi.membership.seat"]
            .sudo()
            .search([("partner_id", "=", person.id), ("state", "=", "active")])
        )
        mine = (
            Domain("partner_id", "=", person.id)
            | Domain("partner_id", "in", self._get_companies().ids)
            | Domain("series_id", "in", seats.series_id.ids)
        )
        return request.env["kavi.membership"].sudo().search(mine)

    def _find_membership(self, membership_id):
        found = self._get_memberships()
        return found.filtered(lambda one: one.id == membership_id)

    def _speaks_for(self, member):
        """Whether the user manages the people of a membership."""
        return member.partner_id in self._get_companies()

    # === ROUTES === #

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if not counters:
            values["has_memberships"] = bool(self._get_memberships())
        if "kavi_membership_count" in counters:
            values["kavi_membership_count"] = len(self._get_memberships().series_id)
        return values

    @route(PATH, type="http", auth="user", website=True, methods=["GET"])
    def my_memberships(self, **kw):
        members = self._get_memberships()
        person = self._get_person()
        rows = []
        for terms in members.grouped("series_id").values():
            one = terms.filtered(lambda term: term.state in RUNNING)[:1] or terms[:1]
            status = one._get_applicant_status()
            is_own = one.partner_id == person or self._speaks_for(one)
            rows.append(
                {
                    **status,
                    # who only has a seat does not pay, and sees no bill
                    "pay_url": status["pay_url"] if is_own else "",
                    "record": one,
                    "terms": terms,
                    "is_valid": one._is_valid_member(),
                    "has_people": self._speaks_for(one) and one.type_id.seat_limit != 0,
                }
            )
        return self._render_page(
            "kavi_members.portal_my_memberships",
            {
                "page_name": "kavi_memberships",
                "no_breadcrumbs": False,
                "rows": rows,
                "forms": []
                if rows
                else request.env["kavi.membership.form"]._find_public(),
            },
        )

    @route(
        f"{PATH}/<int:membership_id>/<any(card,certificate):paper>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def my_paper(self, membership_id, paper, **kw):
        """Card or certificate, while it is good."""
        member = self._find_membership(membership_id)
        if not member or not member._is_valid_member():
            return request.redirect(PATH)
        own = member.type_id[f"{paper}_report_id"]
        # sudo: portal users print no reports; the membership is theirs
        report = own or request.env.ref(PAPERS[paper]).sudo()
        content, __ = (
            request.env["ir.actions.report"]
            .sudo()
            ._render_qweb_pdf(report.report_name, member.ids)
        )
        name = f"{paper} {member._get_paper_name()}.pdf"
        return self._keep_private(self._answer_pdf(content, name, False))

    @route(
        f"{PATH}/<int:membership_id>/people",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def my_people(
        self, membership_id, act=None, name="", email="", seat=None, done=None, **kw
    ):
        """The people of a company's membership: invite, end, send the mail again."""
        member = self._find_membership(membership_id)
        if not member or not self._speaks_for(member) or not member.type_id.seat_limit:
            return request.redirect(PATH)
        member = member.with_company(member.company_id)
        path, error = f"{PATH}/{member.id}/people", ""
        if request.httprequest.method == "POST":
            if self._is_too_many("post"):
                return self._render_busy()
            try:
                with request.env.cr.savepoint():
                    done = self._act_on_people(member, act, name, email, seat)
                return self._go_to(f"{path}?done={done}")
            except UserError as refused:
                member.invalidate_recordset()
                error, done = str(refused), None
        return self._render_page(
            "kavi_members.portal_my_people",
            {
                "page_name": "kavi_people",
                "no_breadcrumbs": False,
                "member": member,
                "seats": member.series_id.seat_ids.filtered(
                    lambda one: one.state != "ended"
                ),
                "path": path,
                "typed": {"name": name, "email": email} if error else {},
                "done": done if done in DONE else None,
                "error": error,
            },
        )

    # === HELPER METHODS === #

    def _act_on_people(self, member, act, name, email, seat):
        if member.state not in RUNNING:
            raise UserError(request.env._("This membership is over."))
        if act == "invite":
            member.env["kavi.membership.seat"]._invite(
                member, name, email, "company_admin"
            )
            return "invited"
        chosen = self._to_id(seat)
        found = member.series_id.seat_ids.filtered(
            lambda one: one.state != "ended" and one.id == chosen
        )
        if not found:
            raise UserError(request.env._("This person has no seat any more."))
        if act == "end":
            found._end()
            return "ended"
        if act == "resend":
            member._welcome_people(found.partner_id)
            return "resent"
        raise UserError(request.env._("Please press one of the buttons."))
