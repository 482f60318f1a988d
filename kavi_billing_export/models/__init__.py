from . import (
    account_move,
    kavi_accounting_document,
    kavi_billing_task,
    kavi_export,
    kavi_export_line,
    kavi_outbox,
    kavi_outbox_message,
    res_company,
    res_config_settings,
)
