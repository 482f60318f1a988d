from . import (
    kavi_activity,
    kavi_bill,
    kavi_import,
    kavi_import_column,
    kavi_import_line,
    kavi_import_mapping,
)
from . import res_partner
