from . import apply, base, check, portal, status
