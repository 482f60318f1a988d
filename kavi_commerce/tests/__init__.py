from . import (
    test_card,
    test_card_access,
    test_card_guards,
    test_card_portal,
    test_card_routes,
    test_events,
    test_failures,
    test_journey,
    test_refunds,
    test_reports,
    test_resolver,
    test_reversals,
)
