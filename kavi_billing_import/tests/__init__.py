from . import test_import_file
from . import test_import
from . import test_import_account
from . import test_import_balance
from . import test_import_input
from . import test_import_job
from . import test_import_property
from . import test_import_rules
