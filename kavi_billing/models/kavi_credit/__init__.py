# The order decides which of two definitions of a method wins.
# ruff: noqa: I001
from . import base
from . import accounting
from . import ledger_check
from . import document
from . import expiry
from . import guard
from . import matching
