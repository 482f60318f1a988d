from . import (
    test_application,
    test_apply,
    test_apply_status,
    test_desk,
    test_member_access,
    test_member_portal,
    test_members_setup,
    test_money_events,
    test_state,
    test_steps,
    test_term,
    test_walk,
)
