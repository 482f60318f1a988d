from . import base, mode, webhook
