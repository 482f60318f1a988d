"""qbXML, which QuickBooks Desktop reads. Plain Python, no ORM.

Takes what ``formats.tables`` describes. Invoices become ``InvoiceAdd``, credit notes
``CreditMemoAdd``, payments ``ReceivePaymentAdd``. Whatever else moves an account's
debt (refunds, reversals, a payment that wrote off a rest), and a fee, is a
``JournalEntryAdd`` of its own journal items, for QuickBooks has no request that says
the same.

The order of the elements matters to QuickBooks, and so do the lengths. Customers,
items, accounts and methods are named as they are in Odoo: QuickBooks must know them.
"""

import xmltodict

from odoo.addons.kavi_billing.tools.text import one_line

from .tables import money

VERSION = "13.0"
MEMO, NAME, ITEM, ORDER = 4000, 41, 31, 25
# RefNumber of invoices, credit memos and journal entries.
REFERENCE = 11
DECIMALS = 2
ADD = {"invoice": "InvoiceAdd", "credit_note": "CreditMemoAdd"}
MEMBERS = {"invoice": "InvoiceLineAdd", "credit_note": "CreditMemoLineAdd"}


def write_qbxml(header, documents):
    """All documents in one set of requests; one that is refused stops no other."""
    requests = {}
    for doc in documents:
        name, request = _request(doc)
        requests.setdefault(f"{name}Rq", []).append(
            {"@requestID": doc["id"], name: request}
        )
    # what is owed first, for payments are applied to it
    order = ("InvoiceAddRq", "CreditMemoAddRq", "ReceivePaymentAddRq")
    body = {name: requests[name] for name in order if name in requests} | requests
    body = xmltodict.unparse(
        {"QBXML": {"QBXMLMsgsRq": {"@onError": "continueOnError", **body}}},
        full_document=False,
        pretty=True,
        indent=" ",
    )
    declaration = '<?xml version="1.0" encoding="utf-8"?>'
    return f'{declaration}\n<?qbxml version="{VERSION}"?>\n{body}\n'.encode()


def _request(doc):
    """:return: name and content of the request for one document"""
    if doc["kind"] in ADD:
        return ADD[doc["kind"]], _sale(doc)
    money_only = {entry["type"] for entry in doc["entries"]} == {"receivable", "money"}
    if doc["kind"] == "payment" and doc["side"] == "credit" and money_only:
        return "ReceivePaymentAdd", _payment(doc)
    return "JournalEntryAdd", _journal_entry(doc)


def _sale(doc):
    sign = -1 if doc["kind"] == "invoice" else 1
    lines = [entry for entry in doc["entries"] if entry["type"] != "receivable"]
    receivable = [entry for entry in doc["entries"] if entry["type"] == "receivable"]
    return {
        "CustomerRef": _ref(doc["account"]["name"]),
        **({"ARAccountRef": _ref(receivable[0]["name"])} if receivable else {}),
        "TxnDate": str(doc["date"]),
        "RefNumber": doc["reference"],
        **_optional("PONumber", doc["purchase_order"], ORDER),
        **({"DueDate": str(doc["due_date"])} if doc["due_date"] else {}),
        **_optional("Memo", _memo(doc), MEMO),
        "ExternalGUID": _guid(doc),
        MEMBERS[doc["kind"]]: [
            {
                "ItemRef": _ref(entry["item"] or entry["name"], ITEM),
                **_optional("Desc", entry["text"], MEMO),
                "Amount": money(sign * entry["amount"], DECIMALS),
            }
            for entry in lines
        ],
    }


def _payment(doc):
    bank = next(entry for entry in doc["entries"] if entry["type"] == "money")
    receivable = next(e for e in doc["entries"] if e["type"] == "receivable")
    return {
        "CustomerRef": _ref(doc["account"]["name"]),
        "ARAccountRef": _ref(receivable["name"]),
        "TxnDate": str(doc["date"]),
        "RefNumber": doc["reference"],
        "TotalAmount": money(doc["amount"], DECIMALS),
        **(
            {"PaymentMethodRef": _ref(doc["payment_method"], ITEM)}
            if one_line(doc["payment_method"])
            else {}
        ),
        **_optional("Memo", _memo(doc), MEMO),
        "DepositToAccountRef": _ref(bank["name"]),
        "ExternalGUID": _guid(doc),
        # QuickBooks knows invoices by ids of its own only
        "IsAutoApply": "true",
    }


def _journal_entry(doc):
    """The receivable comes first, in one line: QuickBooks takes no second one. A fee
    has none."""
    receivable = [entry for entry in doc["entries"] if entry["type"] == "receivable"]
    rest = [entry for entry in doc["entries"] if entry["type"] != "receivable"]
    total = sum(entry["amount"] for entry in receivable)
    whole = {**receivable[0], "amount": total} if receivable else None
    lines = {"debit": [], "credit": []}
    for entry in filter(None, (whole, *rest)):
        side = "debit" if entry["amount"] >= 0 else "credit"
        line = {
            "AccountRef": _ref(entry["name"]),
            "Amount": money(abs(entry["amount"]), DECIMALS),
            **_optional("Memo", entry["text"], MEMO),
        }
        if entry is whole:
            line["EntityRef"] = _ref(doc["account"]["name"])
        lines[side].append(line)
    names = {"debit": "JournalDebitLine", "credit": "JournalCreditLine"}
    first = doc["side"]
    second = "credit" if first == "debit" else "debit"
    return {
        "TxnDate": str(doc["date"]),
        "RefNumber": doc["reference"],
        "ExternalGUID": _guid(doc),
        names[first]: lines[first],
        names[second]: lines[second],
    }


def _memo(doc):
    """What a person needs to find the document: its numbers in Odoo."""
    parts = (doc["bill_id"], doc["number"], doc["payment_number"], doc["memo"])
    return " · ".join(filter(None, map(one_line, parts)))


def _optional(name, text, limit):
    text = one_line(text, limit)
    return {name: text} if text else {}


def _ref(name, limit=NAME):
    # a colon would name what is below something else
    return {"FullName": one_line((name or "").replace(":", "-"), limit) or "?"}


def _guid(doc):
    return "{%s}" % doc["id"]
