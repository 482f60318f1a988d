from . import paypal, portal
