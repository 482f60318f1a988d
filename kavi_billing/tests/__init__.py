from . import test_table_rules
from . import test_table_walk
