"""What a payer's browser sees: the approval page and the stand-in for the JS SDK."""

import html
import json
from pathlib import Path
from string import Template
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .. import orders
from ..errors import PayPalError
from ..exchange import Answer

FOLDER = Path(__file__).parent
PATHS = ("/", "/checkoutnow", "/sdk/js", "/_buyer/approve")
REFUSED = "Your bank declined this card. Choose another way to pay."


def answer(fake, call):
    if call.path == "/":
        return _page(fake, "Fake PayPal", "<p>This server stands in for PayPal.</p>")
    if call.path == "/sdk/js":
        return Answer(200, sdk(fake).encode(), {"Content-Type": "text/javascript"})
    if call.path == "/_buyer/approve":
        return _buyer(fake, call)
    token = call.query.get("token", "")
    order = fake.orders.get(token)
    if order is None or token in fake.gone:
        text = "<p>This payment has expired, or there never was one.</p>"
        return _page(fake, "Payment not found", text, 404)
    if call.method == "POST":
        return _chosen(fake, order, call.form)
    return _choices(fake, order)


def sdk(fake):
    sources = {key: source["label"] for key, source in orders.SOURCES.items()}
    text = (FOLDER / "sdk.js").read_text()
    return text.replace('"FAKE_URL"', json.dumps(fake.url)).replace(
        '"FAKE_SOURCES"', json.dumps(sources)
    )


# --- the approval page


def _chosen(fake, order, form):
    act = form.get("act")
    if act == "cancel":
        return _back(order.cancel_url or order.return_url, {"token": order.id})
    if act == "refuse":
        return _choices(fake, order, REFUSED)
    try:
        fake.approve(order.id, form.get("source", "visa"))
    except (PayPalError, ValueError):
        return _choices(fake, order, "This payment can't be approved any more.")
    if act == "close":
        return _page(
            fake,
            "Approved",
            "<p>You agreed to pay, and closed the window on your way back.</p>",
        )
    ids = {"token": order.id, "PayerID": orders.PAYER["payer_id"]}
    return _back(order.return_url, ids, fake)


def _back(url, ids, fake=None):
    if not url:
        text = "<p>You may close this window.</p>"
        return _page(fake, "Approved" if fake else "Cancelled", text)
    split = urlsplit(url)
    query = parse_qsl(split.query, keep_blank_values=True) + list(ids.items())
    target = urlunsplit(split._replace(query=urlencode(query)))
    return Answer(303, b"", {"Location": target, "Content-Type": "text/plain"})


def _choices(fake, order, message=None):
    if order.status in ("COMPLETED", "APPROVED", "VOIDED"):
        text = f"<p>This payment is {order.status.lower()} already.</p>"
        return _page(fake, "Nothing to do", text)
    labels = [
        f'<label><input type="radio" name="source" value="{key}"'
        f"{' checked' if key == 'visa' else ''}/> "
        f"{html.escape(source['label'])}</label>"
        for key, source in orders.SOURCES.items()
    ]
    described = "; ".join(
        unit["description"] for unit in order.units if unit.get("description")
    )
    body = Template((FOLDER / "choices.html").read_text()).substitute(
        token=html.escape(order.id),
        amount=html.escape(f"{order.total} {order.currency}"),
        payee=html.escape(fake.payee_name),
        description=html.escape(described),
        message=f'<p class="message" role="alert">{html.escape(message)}</p>'
        if message
        else "",
        sources="\n".join(labels),
    )
    return _page(fake, "Pay", body)


def _page(fake, title, body, status=200):
    text = Template((FOLDER / "page.html").read_text()).substitute(
        title=html.escape(title), body=body
    )
    return Answer(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})


# --- the buttons of the JS SDK


def _buyer(fake, call):
    """What the payer chose under the buttons; asked from the shop's page."""
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Headers": "Content-Type",
    }
    if call.method == "OPTIONS":
        return Answer(204, headers=headers)
    asked = call.form
    try:
        fake.approve(asked.get("order_id"), asked.get("source", "visa"))
    except (PayPalError, ValueError) as error:
        return Answer(422, {"error": str(error)}, headers)
    return Answer(200, {"payerID": orders.PAYER["payer_id"]}, headers)
