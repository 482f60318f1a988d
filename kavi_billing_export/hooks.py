def uninstall_hook(env):
    """Leave no files behind: those of exports lie in attachments, which Odoo keeps when
    their model goes."""
    env["ir.attachment"].search(
        [("res_model", "=", "kavi.export"), ("res_field", "=", "file")]
    ).unlink()
