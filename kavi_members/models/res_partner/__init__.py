from . import base, access, look_alike, search
