from . import (
    account_move,
    kavi_billing_task,
    kavi_export,
    kavi_export_document,
    kavi_export_line,
    kavi_outbox,
    kavi_outbox_message,
    res_company,
    res_config_settings,
)
