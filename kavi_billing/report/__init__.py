from . import kavi_bill_report
