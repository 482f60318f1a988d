from . import kavi_import_mend
from . import kavi_import_mend_cell
