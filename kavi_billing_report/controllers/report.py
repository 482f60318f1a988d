import tempfile

from werkzeug.exceptions import NotFound
from werkzeug.wsgi import wrap_file

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import Controller, Response, content_disposition, request, route

from ..tools.columns import FILES


class ReportDownload(Controller):
    """Reports as files of any length."""

    @route("/kavi_billing/report/<int:wizard_id>", type="http", auth="user")
    def download(self, wizard_id):
        """Write the report to disk, batch by batch, then send it.

        Not while it is being read: a file that breaks off half-way looks like a whole
        one. The file has no name on disk, so it goes when it was sent.
        """
        wizard = request.env["kavi.report.wizard"].browse(wizard_id)
        try:
            wizard.check_access("read")
            if wizard.create_uid != request.env.user:
                raise AccessError(request.env._("This is somebody else's download."))
            headers, rows = wizard._get_rows()
            name, file_format = wizard._get_file_name(), wizard.file_format
        except (AccessError, MissingError, UserError) as error:
            raise NotFound from error
        write, mimetype = FILES[file_format]
        file = tempfile.TemporaryFile()
        try:
            write(file, headers, rows)
        except BaseException:
            file.close()
            raise
        size = file.tell()
        file.seek(0)
        response = Response(
            wrap_file(request.httprequest.environ, file),
            mimetype=mimetype,
            direct_passthrough=True,
            headers={
                "Content-Disposition": content_disposition(name),
                "Content-Length": str(size),
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
            },
        )
        response.call_on_close(file.close)
        return response
