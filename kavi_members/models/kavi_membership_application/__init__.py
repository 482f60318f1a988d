from . import base, contacts, filling, pending, purge, representative, status
