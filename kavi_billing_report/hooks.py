def uninstall_hook(env):
    """Leave the log clean: our tables are dropped as a whole, and what the demo made
    would be deleted one by one, with an error for each."""
    env["ir.model.data"].search(
        [("module", "=", "kavi_billing_report"), ("model", "=like", "kavi.%")]
    ).unlink()
