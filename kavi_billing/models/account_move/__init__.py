from . import base, portal_access
