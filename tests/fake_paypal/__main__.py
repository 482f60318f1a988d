"""python -m tests.fake_paypal --port 8599: a PayPal to click through, without one."""

import argparse
import threading

from .fake import FakePayPal


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tests.fake_paypal",
        description="A stand-in for PayPal on this machine. No money moves.",
    )
    parser.add_argument("--port", type=int, default=8599)
    parser.add_argument("--seed", type=int, help="of ids and of faults by chance")
    parser.add_argument("--client-id", default="fake-client")
    parser.add_argument("--client-secret", default="fake-secret")
    parser.add_argument(
        "--hold", action="store_true", help="webhooks wait for POST /_control/deliver"
    )
    parser.add_argument("--quiet", action="store_true", help="no line for each request")
    options = parser.parse_args()
    fake = FakePayPal(
        port=options.port,
        seed=options.seed,
        client_id=options.client_id,
        client_secret=options.client_secret,
    )
    if not options.quiet:
        fake.log = lambda line: print(line, flush=True)
    if not options.hold:
        fake.webhooks.release()
    with fake:
        print(f"fake PayPal at {fake.url}, state at {fake.url}/_control/state")
        print(
            f"client id {fake.client_id}, seed {fake.seed}; Ctrl-C ends it", flush=True
        )
        if fake.specs.note:
            print(fake.specs.note)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
