from . import kavi_report_wizard
