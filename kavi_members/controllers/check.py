from odoo.http import request, route

from .base import MembersPages


class CheckPage(MembersPages):
    """What the code on a card leads to: valid today, or not. A code that is not ours
    gets the same answer as a card that is good no more."""

    @route(
        "/membership/check/<string:code>",
        type="http",
        auth="public",
        website=True,
        methods=["GET"],
    )
    def check_card(self, code, **kw):
        member = request.env["kavi.membership"]._find_by_mark(code[:64])
        is_valid = bool(member) and member._is_valid_member()
        return self._render_page(
            "kavi_members.page_check",
            {"member": member if is_valid else member.browse(), "is_valid": is_valid},
        )
