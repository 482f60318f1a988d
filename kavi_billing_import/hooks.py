def uninstall_hook(env):
    """Leave nothing behind but the bills, and the log clean."""
    # Odoo keeps the files of a model that goes.
    env["ir.attachment"].search(
        [("res_model", "=", "kavi.import"), ("res_field", "!=", False)]
    ).unlink()
    # Our tables are dropped as a whole, and what the demo made would be deleted one by
    # one, with an error for each.
    env["ir.model.data"].search(
        [("module", "=", "kavi_billing_import"), ("model", "=like", "kavi.%")]
    ).unlink()
