from . import test_table_rules
from . import test_table_walk
from . import test_outside_changes
from . import test_outside_invoices
from . import test_outside_limits
from . import test_journey
from . import test_bill
from . import test_bill_dates
