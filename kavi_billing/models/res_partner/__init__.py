from . import balance, base, company, portal
