from werkzeug.exceptions import BadRequest, abort

from odoo import models
from odoo.exceptions import AccessDenied
from odoo.http import Response, request

from ..tools.asked import find_garbage
from ..tools.outage import is_cut

# Whose routes these are: of this addon, and of those that belong to it.
OURS = "odoo.addons.kavi_"


class IrHttp(models.AbstractModel):
    """What no browser sends is refused before a route of ours looks at it, so that none
    has to: with 400, nothing stored, nothing logged as an error."""

    _inherit = "ir.http"

    @classmethod
    def _authenticate_explicit(cls, auth):
        """Odoo takes whatever fails here for a wrong password; a database that cannot
        be reached is none, and nobody is told "Access Denied" for it."""
        try:
            return super()._authenticate_explicit(auth)
        except AccessDenied as denied:
            lost = denied.__context__
            if not is_cut(lost):
                raise
        raise lost

    @classmethod
    def _pre_dispatch(cls, rule, args):
        super()._pre_dispatch(rule, args)
        endpoint = getattr(rule.endpoint, "original_endpoint", None)
        if not getattr(endpoint, "__module__", "").startswith(OURS):
            return
        if rule.endpoint.routing["type"] == "jsonrpc":
            cls._kavi_check_json()
        elif find_garbage(cls._kavi_get_asked(args, rule.endpoint.routing)):
            raise BadRequest(
                request.env._(
                    "This address or form cannot be read. Open the link of the mail "
                    "again, or go on from your account."
                )
            )

    @classmethod
    def _kavi_get_asked(cls, args, routing):
        """All that came with an HTTP request; a route of ours takes no files, unless it
        says how many (``kavi_files``) and bounds them itself."""
        asked = request.httprequest
        files = list(asked.files.items(multi=True))
        if len(files) <= routing.get("kavi_files", 0):
            # what is in them is the route's to judge
            files = [(name, upload.filename) for name, upload in files]
        return {
            # a number that is too large is no record's: each page says so
            "path": [each for each in args.values() if isinstance(each, str)],
            "query": list(asked.args.items(multi=True)),
            "form": list(asked.form.items(multi=True)),
            "files": files,
        }

    @classmethod
    def _kavi_check_json(cls):
        try:
            asked = request.get_json_data()
            params = asked.get("params", {})
            is_read = isinstance(params, dict) and not find_garbage(params)
        except (ValueError, AttributeError, RecursionError):
            is_read = False
        if not is_read:
            # as Odoo does: its own answer to errors is 200, with a traceback
            abort(Response("Invalid JSON-RPC data", status=400))
