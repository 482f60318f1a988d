from odoo import http
from odoo.http import request

from ..tools.const import BATCH


class OutboxController(http.Controller):
    """Where another program fetches the documents of a company."""

    @http.route(
        "/kavi_billing/outbox/<int:outbox_id>",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
        readonly=False,
    )
    def fetch(self, outbox_id, after="0", limit="100", **unknown):
        """Messages after the number ``after``, oldest first.

        The key is in the header: ``Authorization: Bearer KEY``. A wrong key and an
        outbox that is none get the same answer.
        """
        # sudo: the key is checked first, and opens only this outbox
        outbox = request.env["kavi.outbox"].sudo().search([("id", "=", outbox_id)])
        scheme, __, key = request.httprequest.headers.get(
            "Authorization", ""
        ).partition(" ")
        if not outbox._is_key(key.strip() if scheme.lower() == "bearer" else ""):
            return self._answer({"error": "The key is not that of this outbox."}, 401)
        try:
            after, limit = int(after), int(limit)
        except ValueError:
            after = limit = -1
        if not 0 <= after < 2**31 or not 0 < limit <= BATCH:
            return self._answer(
                {"error": f"after is 0 or more, limit from 1 to {BATCH}."}, 400
            )
        outbox = outbox.with_company(outbox.company_id)
        answer = outbox._fetch(after, limit)
        if gone := answer.get("gone"):
            error = (
                f"The messages up to {gone} were delivered and are no longer kept: "
                "fetch after it. An accounting export has the same documents under the "
                "same ids."
            )
            return self._answer({"error": error, "after": gone}, 410)
        return self._answer(answer)

    def _answer(self, content, status=200):
        response = request.make_json_response(content, status=status)
        response.headers["Cache-Control"] = "no-store"
        return response
