import pytest


@pytest.fixture
def scratch():
    """A database of the test's own, in which it may commit."""
    from .scratch import scratch_database

    with scratch_database() as database:
        yield database


@pytest.fixture(scope="module")
def office():
    """Officers of one company, in a database of the module's own."""
    from .office import Office
    from .scratch import scratch_database

    with scratch_database() as database:
        yield Office(database)


@pytest.fixture
def fake():
    """A fake PayPal that nothing contrary to PayPal's specifications was asked of."""
    from .fake_paypal import FakePayPal

    with FakePayPal() as fake:
        print(f"seed {fake.seed}; {fake.specs.note or 'checked by specification'}")
        yield fake
    assert fake.violations == []


@pytest.fixture
def caller(fake):
    """A client of the fake PayPal."""
    from .paypal_caller import Caller

    return Caller(fake)


@pytest.fixture
def receiver():
    """A server that takes what is posted: webhooks, messages."""
    from .receiver import Receiver

    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def messages():
    """What the PayPal client records."""
    return []


@pytest.fixture
def client(fake, messages):
    """The PayPal client of the addon, at the fake."""
    from .paypal_without_odoo import paypal_client

    return paypal_client.PayPalClient(
        fake.url,
        fake.client_id,
        fake.client_secret,
        recorder=messages.append,
        timeout=5,
    )


@pytest.fixture(scope="module", autouse=True)
def no_process_left():
    """Ends Python's own helper of processes that a module has started: Odoo's tests in
    the same worker warn of a child process that they did not start."""
    yield
    from multiprocessing import resource_tracker

    resource_tracker._resource_tracker._stop()
