from . import base, numbering, portal_access, ready
