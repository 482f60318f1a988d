# The order decides which of two definitions of a method wins.
# ruff: noqa: I001
from . import base
from . import balance
from . import credit
from . import portal
