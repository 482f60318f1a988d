def uninstall_hook(env):
    """Bills, entries, contacts and accounts stay; what this addon has made of its own
    models goes with them. Odoo would fail to delete these records one by one."""
    env["ir.model.data"].search(
        [
            ("module", "=", "kavi_members"),
            "|",
            ("model", "=like", "kavi.%"),
            ("model", "=", "res.partner"),
        ]
    ).unlink()
