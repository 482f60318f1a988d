from . import (
    kavi_activity,
    kavi_bill,
    kavi_import,
    kavi_import_account,
    kavi_import_balance,
    kavi_import_bill,
    kavi_import_column,
    kavi_import_file,
    kavi_import_job,
    kavi_import_line,
    kavi_import_mapping,
    kavi_import_message,
)
