import ipaddress
import time

from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import consteq
from odoo.tools import hmac as keyed_hash

from odoo.addons.kavi_billing.controllers.portal import BillingPortal

from ..tools.form_rules import MAX_POSTS, MAX_STARTS, TRAP, get_stamp_problem

SCOPE = "kavi_members-page"


class MembersPages(BillingPortal):
    """What the public pages of Members have in common: layout, barriers against robots
    (none of them tells whether somebody is known), and answers that are not kept."""

    # === LAYOUT === #

    def _render_page(self, template, values, status=200):
        """A page that no search engine keeps and that tells nobody where it was
        opened, for its address may hold a token."""
        response = request.render(
            template,
            {
                **self._prepare_billing_page_values(),
                "no_breadcrumbs": True,
                "no_index": True,
                **values,
            },
            status=status,
        )
        self._keep_private(response)
        return response

    @staticmethod
    def _keep_private(response):
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Cache-Control"] = "no-store"
        return response

    def _go_to(self, path):
        # paths of our own, and the address that an administrator has set on the form
        return self._keep_private(request.redirect(path, code=303, local=False))

    def _render_busy(self):
        """What is answered when too much was posted."""
        return self._render_page("kavi_members.page_busy", {}, status=429)

    def _render_gone(self):
        """The same page for what does not exist and for a wrong link."""
        return self._render_page("kavi_members.page_gone", {}, status=404)

    # === BARRIERS === #

    @staticmethod
    def _get_address():
        """Who asks: the address of a computer, or the network of one with many."""
        address = request.httprequest.remote_addr or ""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return ""
        if found.version == 6 and not found.ipv4_mapped:
            return str(ipaddress.ip_network(f"{found}/64", strict=False))
        return str(found)

    @classmethod
    def _get_cut_address(cls):
        """The address without its last part, as consent keeps it."""
        address = cls._get_address()
        if ":" in address:
            return address
        return ".".join([*address.split(".")[:3], "0"]) if address else ""

    @classmethod
    def _is_too_many(cls, purpose):
        """Count what was posted; whether it is more than a person posts."""
        count = (
            request.env["kavi.membership.attempt"]
            .sudo()  # nobody has rights on these
            ._count(purpose, cls._get_address())
        )
        return count > (MAX_STARTS if purpose == "start" else MAX_POSTS)

    @staticmethod
    def _make_stamp(now=None):
        """When a page was made, signed."""
        at = str(int(time.time() if now is None else now))
        return f"{at}.{keyed_hash(request.env(su=True), SCOPE, at)}"

    @staticmethod
    def _get_stamp_age(stamp):
        """Seconds since a page was made; ``None`` when the stamp is not ours."""
        at, __, mark = (stamp or "")[:200].partition(".")
        if not (at.isascii() and at.isdigit() and len(at) < 12 and mark.isascii()):
            return None
        if not consteq(keyed_hash(request.env(su=True), SCOPE, at), mark):
            return None
        return int(time.time()) - int(at)

    def _get_barrier(self, form, post):
        """Why what was posted is asked for once more: a sentence, or ""."""
        again = request.env._("Please look at the page once more, and send it again.")
        if post.get(TRAP):
            return again
        if get_stamp_problem(self._get_stamp_age(post.get("stamp"))):
            return again
        if form.captcha:
            try:
                request.env["ir.http"]._verify_request_recaptcha_token(
                    "kavi_membership"
                )
            except UserError:
                return again
        return ""
