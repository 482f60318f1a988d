from . import base, surcharge
