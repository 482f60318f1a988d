from . import base, pending, purge
