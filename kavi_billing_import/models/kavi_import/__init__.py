from . import base, checks
