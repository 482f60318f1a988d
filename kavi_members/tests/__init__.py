from . import test_money_events, test_state, test_steps, test_term, test_walk
