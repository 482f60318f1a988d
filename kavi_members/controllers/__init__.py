from . import apply, base, status
