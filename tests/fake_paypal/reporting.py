"""The transaction report v1: the ledger as PayPal tells it."""

from datetime import timedelta

from . import clock, money
from .errors import PayPalError

CODES = {
    "capture": "T0006",
    "refund": "T1107",
    "reversal": "T1106",
    "chargeback": "T1201",
}
MAX_SPAN = timedelta(days=31)


def transactions(fake, call):
    query = call.query
    start, end = clock.parse(query["start_date"]), clock.parse(query["end_date"])
    if end < start or end - start > MAX_SPAN:
        raise PayPalError(
            400,
            "INVALID_REQUEST",
            description="Date range is greater than 31 days or ends before it starts",
        )
    found = [
        entry
        for entry in fake.ledger.entries()
        # told to the second, as the asker's dates are
        if start <= entry.time.replace(microsecond=0) <= end
        and query.get("transaction_id") in (None, entry.id)
        and query.get("transaction_currency") in (None, entry.currency)
    ]
    size, page = int(query.get("page_size", 100)), int(query.get("page", 1))
    pages = -(-len(found) // size)
    answer = {
        "account_number": fake.merchant_id,
        "start_date": query["start_date"],
        "end_date": query["end_date"],
        "last_refreshed_datetime": fake.clock.text(),
        "page": page,
        "total_items": len(found),
        "total_pages": pages,
        "links": [{"href": f"{fake.url}{call.target}", "rel": "self", "method": "GET"}],
    }
    rows = [_row(fake, entry) for entry in found[(page - 1) * size : page * size]]
    if rows:  # an empty list is left out
        answer["transaction_details"] = rows
    return 200, answer


def _row(fake, entry):
    is_capture = entry.kind == "capture"
    info = {
        "transaction_id": entry.id,
        "paypal_reference_id": entry.order_id if is_capture else entry.capture_id,
        "paypal_reference_id_type": "ODR" if is_capture else "TXN",
        "transaction_event_code": CODES[entry.kind],
        "transaction_initiation_date": fake.clock.text(entry.time),
        "transaction_updated_date": fake.clock.text(entry.time),
        "transaction_amount": money.money(entry.gross, entry.currency),
        "fee_amount": money.money(-entry.fee, entry.currency),
        "transaction_status": "S",
    }
    if entry.custom_id:
        info["custom_field"] = entry.custom_id
    if entry.invoice_id:
        info["invoice_id"] = entry.invoice_id
    return {"transaction_info": info}
