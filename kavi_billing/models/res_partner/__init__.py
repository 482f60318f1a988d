from . import balance, base, portal
