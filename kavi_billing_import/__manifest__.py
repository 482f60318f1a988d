{
    "name": "Kavi Billing: Import",
    "summary": "Existing bills, accounts and balances come in from a file",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "Kavi Suite contributors",
    "depends": ["kavi_billing_report"],
    "oca_data_manual": ["demo/bill_data.csv"],
    "data": [
        "security/ir.model.access.csv",
        "security/kavi_billing_import_rules.xml",
        "data/ir_cron.xml",
        "views/kavi_import_views.xml",
        "views/kavi_bill_views.xml",
    ],
    "demo": [
        "demo/imports.xml",
    ],
    "uninstall_hook": "uninstall_hook",
    "auto_install": True,
}
