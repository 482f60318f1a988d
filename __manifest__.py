{
    "name": "Kavi Suite",
    "summary": "Billing for organizations that run Odoo",
    "version": "19.0.1.0.0",
    "author": "Kavi Suite contributors",
    "license": "LGPL-3",
    "category": "Accounting",
    # The addons of the suite. bin/kavi, CI and packaging read them, and the version,
    # from here.
    "depends": [
        "kavi_billing",
        "kavi_billing_report",
        "kavi_billing_import",
        "kavi_billing_export",
        "kavi_commerce",
        "kavi_members",
    ],
    # A description of the whole, not an addon of its own.
    "installable": False,
}
