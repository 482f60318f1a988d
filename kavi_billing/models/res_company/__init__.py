from . import base, notice, numbering
