"""Amounts as PayPal takes them, and what is taken out of texts before they are kept."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .paypal_without_odoo import (
    amounts,
    event,
    redaction,
)

# --- amounts


@pytest.mark.parametrize(
    "amount, code, text",
    [
        (100, "USD", "100.00"),
        ("12.5", "EUR", "12.50"),
        (Decimal("0.01"), "USD", "0.01"),
        (19.99, "USD", "19.99"),
        (0.1 + 0.2, "USD", "0.30"),
        (1234567.89, "USD", "1234567.89"),
        (5000, "JPY", "5000"),
        (5000.0, "HUF", "5000"),
        ("5000.00", "TWD", "5000"),
        (Decimal("1E+3"), "JPY", "1000"),
        (0, "USD", "0.00"),
    ],
)
def test_amounts_are_written_by_paypals_table(amount, code, text):
    assert amounts.format_amount(amount, code) == text
    assert amounts.money(amount, code) == {"currency_code": code, "value": text}


@pytest.mark.parametrize(
    "amount, code",
    [
        ("1.005", "USD"),
        (1.005, "USD"),
        ("10.50", "JPY"),
        ("10.01", "HUF"),
        ("0.5", "TWD"),
        (-1, "USD"),
        ("", "USD"),
        ("1,50", "EUR"),
        (None, "USD"),
        (float("nan"), "USD"),
        (float("inf"), "USD"),
        ("NaN", "USD"),
        (1, "KWD"),
        (1, "BHD"),
        (1, "usd"),
        (1, ""),
        (1, None),
    ],
)
def test_amounts_that_paypal_can_not_take(amount, code):
    with pytest.raises(amounts.AmountError):
        amounts.format_amount(amount, code)


def test_amounts_are_read():
    read = amounts.parse_amount
    assert read({"currency_code": "USD", "value": "-3.20"}) == (Decimal("-3.20"), "USD")
    for bad in (None, {}, {"currency_code": "USD", "value": "x"}, "3.20", 3):
        with pytest.raises(amounts.AmountError):
            read(bad)


@given(
    code=st.sampled_from(sorted(amounts.DECIMALS)),
    units=st.integers(min_value=0, max_value=10**12),
    kind=st.sampled_from([Decimal, str, float]),
)
def test_property_amounts_come_back(code, units, kind):
    places = amounts.decimals(code)
    amount = Decimal(units).scaleb(-places)
    text = amounts.format_amount(kind(f"{amount:f}"), code)
    assert len(text.partition(".")[2]) == places
    assert amounts.parse_amount({"currency_code": code, "value": text}) == (
        amount,
        code,
    )


# --- redaction


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "card 4111-1111-1111-1111.",
        "378282246310005",
        "pan:5555 5555 5555 4444",
        '{"number": "6011111111111117"}',
        '{"number": 4111111111111111}',
        "x4111111111111111y",
        "30569309025904",
    ],
)
def test_card_numbers_are_taken_out(text):
    clean = redaction.redact_text(text)
    assert not any(run in clean for run in ("11111111", "2463", "5555 5555", "0930"))


@pytest.mark.parametrize(
    "text, kept",
    [
        ("pan: 4111111111111111", "pan: [card ...1111]"),
        ("Authorization: Bearer A21AAabc.def-123", "Authorization: Bearer [hidden]"),
        ("client_secret=abc&x=1", "client_secret=[hidden]&x=1"),
        ("password: 'a b c', y", "password: '[hidden]', y"),
        ("cvv2: 123", "cvv2: [hidden]"),
        ("token A21AAFEpH4PsADK7qSS7pSRsgz", "token [hidden]"),
        ("Basic dXNlcjpwYXNz", "Basic [hidden]"),
        ("secure: yes", "secure: yes"),
        ("paid 103.00 USD on 2026-11-22", "paid 103.00 USD on 2026-11-22"),
        ("1JU08902781691411", "1JU08902781691411"),
        ("4111111111111112", "4111111111111112"),
    ],
)
def test_secrets_are_taken_out_and_nothing_else(text, kept):
    assert redaction.redact_text(text) == kept
    assert redaction.redact_text(kept) == kept


def test_a_json_text_stays_json():
    text = json.dumps(
        {
            "access_token": "abc",
            "Client-Secret": "abc",
            "card": {"number": "4111111111111111", "security_code": "123"},
            "list": [{"cvv": 123, "brand": "VISA", "last_digits": "1111"}],
            "note": "Bearer abc",
            "amount": {"value": "103.00"},
            "fee": 3.2,
            "none": None,
            "yes": True,
        }
    )
    clean = json.loads(redaction.redact_text(text))
    assert clean == {
        "access_token": "[hidden]",
        "Client-Secret": "[hidden]",
        "card": {"number": "[card ...1111]", "security_code": "[hidden]"},
        "list": [{"cvv": "[hidden]", "brand": "VISA", "last_digits": "1111"}],
        "note": "Bearer [hidden]",
        "amount": {"value": "103.00"},
        "fee": 3.2,
        "none": None,
        "yes": True,
    }
    assert "103.00" not in redaction.redact_text(text.encode().decode(), ["103.00"])
    assert redaction.redact(b"cvv=123") == "cvv=[hidden]"


@given(
    digits=st.lists(st.integers(0, 9), min_size=12, max_size=18),
    gap=st.sampled_from(["", " ", "-"]),
    around=st.sampled_from(["{}", "card {}.", '{{"a": "{}"}}', "({})", "\n{}\n"]),
)
def test_property_no_number_that_passes_luhn_is_kept(digits, gap, around):
    weighted = sum(
        sum(divmod(digit * (2 - place % 2), 10))
        for place, digit in enumerate(reversed(digits))
    )
    number = "".join(map(str, [*digits, -weighted % 10]))
    groups = [number[at : at + 4] for at in range(0, len(number), 4)]
    clean = redaction.redact_text(around.format(gap.join(groups)))
    assert gap.join(groups) not in clean
    assert number not in clean.replace(" ", "").replace("-", "")


@given(st.text())
def test_property_any_text_can_be_scrubbed_twice(text):
    once = redaction.redact_text(text)
    assert redaction.redact_text(once) == once


# --- texts from outside


@pytest.mark.parametrize(
    "address",
    ["payer@example.com", "o'neil+kavi@mail.example.co.uk", "mälzer@example.de"],
)
def test_addresses_are_taken(address):
    assert event.one_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        None,
        {"a": 1},
        "payer",
        "payer@",
        "payer@example.com\nBcc: all@example.com",
        "payer@example.com\r\n",
        "a@example.com, b@example.com",
        "Pat <payer@example.com>",
        "payer@exa\0mple.com",
        "\ud800@example.com",
        "x" * 200_000 + "@example.com",
        "payer@" + "x" * 200_000,
    ],
)
def test_bad_input_no_address_is_taken(address):
    assert event.one_address(address) == ""


@given(st.text() | st.binary() | st.integers())
def test_property_one_line_is_one(value):
    line = event.one_line(value)
    assert len(line) <= 200
    assert len(line.splitlines()) <= 1
    line.encode()


# --- events


@pytest.mark.parametrize("value", ["100.00", "-3.20", ".50", "5000", "0.001"])
def test_amounts_that_paypal_writes(value):
    amount = {"currency_code": "USD", "value": value}
    told = {"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED"}
    raw = json.dumps({**told, "resource": {"amount": amount}}).encode()
    assert event.read_event(raw)["resource"]["amount"] == amount


def test_an_event_without_a_resource():
    raw = b'{"id": "WH-1", "event_type": "A.B", "resource": null, "more": [1, 2.5]}'
    assert event.read_event(raw)["resource"] == {}
