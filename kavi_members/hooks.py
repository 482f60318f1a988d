def uninstall_hook(env):
    """Bills, entries, contacts and accounts stay; what this addon has made of its own
    models goes with them. Odoo would fail to delete these records one by one."""
    # what memberships gave, no membership takes back any more
    users = env["res.users"].with_context(active_test=False)
    for user in users.search([("kavi_granted_group_ids", "!=", False)]):
        user.group_ids -= user.kavi_granted_group_ids
    env["ir.model.data"].search(
        [
            ("module", "=", "kavi_members"),
            "|",
            ("model", "=like", "kavi.%"),
            ("model", "=", "res.partner"),
        ]
    ).unlink()
