from . import base, fee, term
