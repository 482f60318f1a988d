from odoo.http import request, route

from ..tools.form_rules import MAX_POST_BYTES, get_next
from .base import MembersPages

PATH = "/membership/apply"


class ApplyPages(MembersPages):
    """The public application forms (KM-20 ... KM-23, KM-31): a page makes nothing, its
    first post makes a draft, and only the last makes contacts."""

    # === ROUTES === #

    @route(PATH, type="http", auth="public", website=True, methods=["GET"])
    def apply_list(self, **kw):
        """The forms; where there is one only, that one."""
        forms = request.env["kavi.membership.form"]._find_public()
        if len(forms) == 1:
            return request.redirect(forms._get_path())
        return self._render_page("kavi_members.page_forms", {"forms": forms})

    @route(
        f"{PATH}/<string:slug>",
        type="http",
        auth="public",
        website=True,
        methods=["GET", "POST"],
        max_content_length=MAX_POST_BYTES,
    )
    def apply_start(self, slug, **post):
        """The first page."""
        form = self._find_form(slug)
        if not form:
            return self._render_gone()
        form = self._with_company(form)
        step = form._get_steps()[0]
        partner = self._get_known_partner()
        if request.httprequest.method == "GET":
            typed = self._get_prefilled(form, partner)
            return self._render_step(form, None, step, typed)
        if self._is_too_many("post") or self._is_too_many("start"):
            return self._render_busy()
        typed, problems = form._read_step(step, {}, post)
        error = self._get_barrier(form, post)
        if error or problems:
            return self._render_step(form, None, step, typed, problems, error)
        applications = request.env["kavi.membership.application"]
        draft = applications._start(form, {**typed, "done": [step]}, partner)
        return self._go_to(self._get_step_path(draft, draft._get_missing_step()))

    @route(
        f"{PATH}/<string:slug>/<int:application_id>/<string:token>/<string:step>",
        type="http",
        auth="public",
        website=True,
        methods=["GET", "POST"],
        max_content_length=MAX_POST_BYTES,
        kavi_files=20,
    )
    def apply_step(self, slug, application_id, token, step, **post):
        """One of the following pages."""
        draft = self._find_application(application_id, token)
        if not draft or draft.form_id.slug != slug:
            return self._render_gone()
        form = self._with_company(draft.form_id)
        draft = draft.with_env(form.env)
        if draft.state != "draft":
            return self._go_to(draft._get_status_path())
        steps = draft._get_form_steps()
        if step not in steps:
            return self._go_to(self._get_step_path(draft, draft._get_missing_step()))
        if request.httprequest.method == "GET":
            return self._render_step(form, draft, step, draft.typed or {})
        if self._is_too_many("post"):
            return self._render_busy()
        error = self._get_barrier(form, post)
        problems = {}
        if not error and step == "check":
            error = self._try(draft._send, self._get_cut_address())
            if not error:
                return self._go_to(self._get_path_after(draft))
        elif not error:
            uploads = request.httprequest.files
            files = {name: uploads.getlist(name) for name in uploads}
            problems = draft._save_step(step, post, files)
            if not problems:
                following = get_next(draft._get_form_steps(), step)
                return self._go_to(self._get_step_path(draft, following))
        return self._render_step(form, draft, step, draft.typed, problems, error)

    # === HELPER METHODS === #

    @staticmethod
    def _find_form(slug):
        forms = request.env["kavi.membership.form"]
        return forms._find_public(slug[:64]) if slug.isascii() else forms

    @staticmethod
    def _find_application(application_id, token):
        """The application of a link, with superuser rights; or none."""
        if not 0 < application_id < 2**31 or not token.isascii():
            return request.env["kavi.membership.application"]
        # sudo: whoever has its token may; it is asked for first
        applications = request.env["kavi.membership.application"].sudo()
        found = applications.browse(application_id).exists()
        if not found or not found._check_access_token(token[:200]):
            return applications.browse()
        return found

    @staticmethod
    def _with_company(record):
        """The page works for the company of the form, whoever's browser it is."""
        company = record.company_id
        return record.with_company(company).with_context(
            allowed_company_ids=company.ids
        )

    @staticmethod
    def _get_known_partner():
        """The contact of who is logged in; staff fill in forms for others."""
        user = request.env.user
        if user._is_public() or user._is_internal():
            return None
        return user.sudo().partner_id  # their own

    @staticmethod
    def _get_prefilled(form, partner):
        if not partner or form.kind == "company":
            return {}
        names = ("name", "email", "phone", "street", "street2", "zip", "city")
        person = {name: partner[name] for name in names if partner[name]}
        if partner.country_id:
            person["country_id"] = str(partner.country_id.id)
        if partner.state_id:
            person["state"] = partner.state_id.name
        return {"person": person}

    @staticmethod
    def _get_step_path(draft, step):
        return (
            f"{draft.form_id._get_path()}/{draft.id}/{draft._get_access_token()}/{step}"
        )

    def _get_path_after(self, application):
        """Where one goes from the form: to pay, where that comes next (KM-23); to the
        page of the association, or to the status page."""
        for status in application._get_status():
            if status["pay_url"]:
                return status["pay_url"]
        if application.state != "unconfirmed" and application.form_id.redirect_url:
            return application.form_id.redirect_url
        return application._get_status_path()

    def _render_step(self, form, draft, step, typed, problems=None, error=""):
        steps = draft._get_form_steps() if draft else form._get_steps()
        labels = form._get_step_labels()
        before = steps[: steps.index(step)]
        values = {
            "form": form,
            "draft": draft,
            "step": step,
            "steps": [(one, labels[one]) for one in steps],
            "position": steps.index(step) + 1,
            "sections": form._get_sections(step, typed or {}),
            "summary": self._get_summary(form, draft, typed) if step == "check" else [],
            "problems": problems or {},
            "error": error,
            "stamp": self._make_stamp(),
            "action": self._get_step_path(draft, step) if draft else form._get_path(),
            "paths": {one: self._get_step_path(draft, one) for one in steps}
            if draft
            else {},
            "back": self._get_step_path(draft, before[-1]) if draft and before else "",
            "is_last": step == steps[-1],
        }
        return self._render_page("kavi_members.page_apply", values)

    def _get_summary(self, form, draft, typed):
        """What was typed, page by page, to look at once more."""
        labels = form._get_step_labels()
        pages = []
        for step in draft._get_form_steps():
            if step in ("check", "terms"):
                continue
            rows = [
                (section["title"], field["label"], self._get_shown(field))
                for section in form._get_sections(step, typed)
                for field in section["fields"]
                if field["value"] or field["kind"] == "checkbox"
            ]
            if rows:
                pages.append((step, labels[step], rows))
        return pages

    @staticmethod
    def _get_shown(field):
        if field["kind"] == "checkbox":
            return request.env._("Yes") if field["value"] else request.env._("No")
        if field["kind"] == "types":
            for key, kind, quote in field["options"]:
                if key == field["value"]:
                    return f"{kind.name}: {quote['price']}, {quote['term']}"
            return ""
        if field["kind"] in ("select", "country"):
            return dict(field["options"]).get(str(field["value"]), field["value"])
        return field["value"]
