from . import kavi_export_wizard
