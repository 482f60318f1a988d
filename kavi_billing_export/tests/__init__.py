from . import test_export_formats
from . import test_export
from . import test_outbox
from . import test_outbox_bad_input
from . import test_export_access
