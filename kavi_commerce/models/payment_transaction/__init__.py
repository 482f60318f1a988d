# The order decides which of two definitions of a method wins.
# ruff: noqa: I001
from . import base
from . import answer
from . import accounting
from . import capture
from . import checkout
from . import manual
from . import purge
from . import refund
from . import report
from . import sync
from . import reversal
