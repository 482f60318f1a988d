from . import (
    test_application,
    test_members_setup,
    test_money_events,
    test_state,
    test_steps,
    test_term,
    test_walk,
)
