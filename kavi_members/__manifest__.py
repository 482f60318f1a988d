{
    "name": "Kavi Members",
    "summary": "Members: applications, moderation, terms, renewals, each with its bill",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "Kavi Suite contributors",
    "depends": ["kavi_billing", "portal"],
    "data": [
        "security/kavi_members_groups.xml",
        "security/ir.model.access.csv",
        "security/kavi_members_rules.xml",
        "data/ir_sequence.xml",
        "data/kavi_contact_type.xml",
    ],
    "demo": [],
    "uninstall_hook": "uninstall_hook",
    "application": True,
}
