from odoo.exceptions import UserError
from odoo.http import request, route

from .apply import ApplyPages

PATH = "/membership/status/<int:application_id>/<string:token>"
DONE = ("sent", "withdrawn", "confirmed", "mailed")


class StatusPages(ApplyPages):
    """The permanent page of an application (KM-24), and the confirmation of its e-mail
    address."""

    # === ROUTES === #

    @route(PATH, type="http", auth="public", website=True, methods=["GET"])
    def application_status(self, application_id, token, done=None, **kw):
        application = self._find_application(application_id, token)
        if not application:
            return self._render_gone()
        return self._render_status(application, done=done)

    @route(
        f"{PATH}/withdraw", type="http", auth="public", website=True, methods=["POST"]
    )
    def application_withdraw(self, application_id, token, sure=None, **post):
        """Withdraw, once the box beside the button is ticked."""
        if not sure:
            application = self._find_application(application_id, token)
            if not application:
                return self._render_gone()
            error = request.env._("Tick the box if you want to withdraw.")
            return self._render_status(application, error=error)
        return self._act(
            application_id,
            token,
            "withdrawn",
            lambda application: application._withdraw_as_applicant(),
        )

    @route(
        f"{PATH}/message", type="http", auth="public", website=True, methods=["POST"]
    )
    def application_message(self, application_id, token, message="", **post):
        return self._act(
            application_id,
            token,
            "sent",
            lambda application: application._post_as_applicant(message),
        )

    @route(f"{PATH}/mail", type="http", auth="public", website=True, methods=["POST"])
    def application_mail(self, application_id, token, **post):
        """Mail the link that confirms the address once more."""

        def send(application):
            if application.state == "unconfirmed":
                application._send_confirmation()

        return self._act(application_id, token, "mailed", send)

    @route(
        "/membership/confirm/<string:token>",
        type="http",
        auth="public",
        website=True,
        methods=["GET", "POST"],
    )
    def application_confirm(self, token, **post):
        """Confirm the address: by a press of the button, for scanners of mail open
        links, too (KM-44)."""
        links = request.env["kavi.membership.link"]
        link = links._find("confirm", token[:200]) if token.isascii() else links
        application = link.sudo().application_id  # whoever has the link
        if not application:
            return self._render_gone()
        if application.state != "unconfirmed":
            return self._go_to(application._get_status_path())
        error = ""
        if request.httprequest.method == "POST":
            application = self._with_company(application)
            try:
                with request.env.cr.savepoint():
                    is_used = application._confirm(link)
            except UserError as refused:
                application.invalidate_recordset()
                is_used, error = False, str(refused)
            if is_used:
                return self._go_to(self._get_path_after(application))
            error = error or request.env._(
                "This link cannot be used any more. Ask for a new one on the page of "
                "your application."
            )
        return self._render_page(
            "kavi_members.page_confirm",
            {
                "application": application,
                "is_usable": link._is_usable(),
                "error": error,
                "action": f"/membership/confirm/{token}",
            },
        )

    # === HELPER METHODS === #

    def _act(self, application_id, token, done, act):
        application = self._find_application(application_id, token)
        if not application:
            return self._render_gone()
        if self._is_too_many("post"):
            return self._render_busy()
        application = self._with_company(application)
        error = self._try(act, application)
        if error:
            return self._render_status(application, error=error)
        return self._go_to(f"{application._get_status_path()}?done={done}")

    def _render_status(self, application, done=None, error=""):
        application = self._with_company(application)
        if application.state == "draft":
            return self._go_to(
                self._get_step_path(application, application._get_missing_step())
            )
        statuses = application._get_status()
        can_withdraw = (
            application.state == "unconfirmed"
            or any(one["can_withdraw"] for one in statuses)
            or (application.kind == "representative" and application.state == "open")
        )
        values = {
            "application": application,
            "res_company": application.company_id,
            "statuses": statuses,
            "text": application._get_representative_text()
            if application.kind == "representative"
            else "",
            "messages": application._get_messages(),
            "can_write": bool(application.partner_id)
            and application.state in ("open", "done"),
            "can_withdraw": can_withdraw,
            "path": application._get_status_path(),
            "done": done if done in DONE else None,
            "error": error,
        }
        return self._render_page("kavi_members.page_status", values)
