from . import base, access, search
