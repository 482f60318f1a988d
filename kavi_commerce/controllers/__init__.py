from . import invoice, paypal, portal
