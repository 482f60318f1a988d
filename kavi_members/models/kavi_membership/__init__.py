from . import (
    base,
    bill_events,
    billing,
    dates,
    ending,
    guard,
    jobs,
    member,
    moderation,
    series,
    terms,
    walk,
)
