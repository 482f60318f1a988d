from . import balance, base, company, pending, portal, rank
