from . import base, process, receive
