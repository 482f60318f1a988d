"""Amounts as PayPal reads them: kept apart from the suite's own currency table, so that
a mistake there is not made here as well."""

from decimal import ROUND_HALF_UP, Decimal

from .errors import PayPalError, unprocessable

ZERO_DECIMALS = {"HUF", "JPY", "TWD"}
CURRENCIES = ZERO_DECIMALS | set(
    "AUD BRL CAD CNY CZK DKK EUR HKD ILS MYR MXN NOK NZD PHP PLN GBP SGD SEK CHF THB "
    "USD".split()
)


def quantum(currency):
    return Decimal(1) if currency in ZERO_DECIMALS else Decimal("0.01")


def text(value, currency):
    return str(value.quantize(quantum(currency)))


def money(value, currency):
    return {"currency_code": currency, "value": text(value, currency)}


def parse(amount, field, decimals_issue="DECIMAL_PRECISION"):
    """The value and currency of a positive amount, or PayPal's refusal of it.

    An order's amount is refused with DECIMAL_PRECISION whatever its currency, a
    capture's or refund's in a currency without decimals with DECIMALS_NOT_SUPPORTED:
    so say the specifications.
    """
    currency, value = amount["currency_code"], amount["value"]
    if not isinstance(value, str):
        raise PayPalError(400, "INVALID_PARAMETER_SYNTAX", f"{field}/value")
    value = Decimal(value)
    if currency not in CURRENCIES:
        raise unprocessable("INVALID_CURRENCY_CODE", f"{field}/currency_code")
    if value <= 0:
        raise unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", f"{field}/value")
    if currency in ZERO_DECIMALS and "." in amount["value"]:
        raise unprocessable(decimals_issue, f"{field}/value")
    if value != value.quantize(quantum(currency)):
        raise unprocessable("DECIMAL_PRECISION", f"{field}/value")
    return value, currency


def fee(gross, currency, percent, fixed):
    """PayPal's fee: never more than what came in."""
    fixed = fixed if currency not in ZERO_DECIMALS else fixed * 100
    due = (gross * percent / 100 + fixed).quantize(quantum(currency), ROUND_HALF_UP)
    return min(due, gross)
