from . import base, mode
