from . import base, offer, pages, posted
