# The order decides which of two definitions of a method wins.
# ruff: noqa: I001
from . import card_payment
from . import card_refund
from . import card_reversal
from . import base
from . import payer
