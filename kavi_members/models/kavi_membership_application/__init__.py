from . import (
    base,
    contacts,
    filling,
    look_alike,
    pending,
    purge,
    representative,
    status,
)
