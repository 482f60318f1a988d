from . import test_report_books
from . import test_report_activity
from . import test_report_download
from . import test_overview
from . import test_digest
from . import test_report_access
from . import test_report_roles
from . import test_report_sums
