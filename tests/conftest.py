import pytest


@pytest.fixture
def scratch():
    """A database of the test's own, in which it may commit."""
    from .scratch import scratch_database

    with scratch_database() as database:
        yield database
