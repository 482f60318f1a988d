"""Amounts as PayPal takes them: text, with the decimals of its own currency table.

Source: PayPal's list of currency codes. Where its decimals differ from Odoo's (HUF has
two in Odoo, none at PayPal) PayPal's count, and an amount that doesn't fit is refused
here rather than rounded: what is charged is what is booked.
"""

from decimal import Decimal, InvalidOperation

DECIMALS = {
    "AUD": 2,
    "BRL": 2,
    "CAD": 2,
    "CHF": 2,
    "CNY": 2,
    "CZK": 2,
    "DKK": 2,
    "EUR": 2,
    "GBP": 2,
    "HKD": 2,
    "HUF": 0,
    "ILS": 2,
    "JPY": 0,
    "MXN": 2,
    "MYR": 2,
    "NOK": 2,
    "NZD": 2,
    "PHP": 2,
    "PLN": 2,
    "SEK": 2,
    "SGD": 2,
    "THB": 2,
    "TWD": 0,
    "USD": 2,
}
# A float of Odoo's carries noise far below this; what is left above it was meant.
FLOAT_STEP = Decimal("0.000001")


class AmountError(ValueError):
    """An amount that PayPal can't take."""


class UnsupportedCurrency(AmountError):
    """A currency that PayPal doesn't know."""


def decimals(code):
    """How many decimals PayPal takes in a currency.

    :raise UnsupportedCurrency: if it takes none of that currency
    """
    if code not in DECIMALS:
        raise UnsupportedCurrency(f"PayPal does not take payments in {code}.")
    return DECIMALS[code]


def format_amount(amount, code):
    """The text that PayPal takes for an amount: ("12.5", "EUR") gives "12.50".

    :param amount: a Decimal, int, float or text in the major unit, not negative
    :raise UnsupportedCurrency: for a currency that is not in PayPal's table
    :raise AmountError: for an amount that has more decimals than PayPal takes in this
        currency, is negative or is no number
    """
    places = decimals(code)
    value = _decimal(amount)
    if value < 0:
        raise AmountError(f"{value} {code} is below zero.")
    rounded = value.quantize(Decimal(1).scaleb(-places))
    if rounded != value:
        raise AmountError(
            f"PayPal takes {code} with {places} decimals; "
            f"{value.normalize():f} has more."
        )
    return f"{rounded:f}"


def money(amount, code):
    """The object that PayPal's requests hold: {"currency_code": ..., "value": ...}."""
    return {"currency_code": code, "value": format_amount(amount, code)}


def parse_amount(money):
    """The Decimal and the currency code of an amount in PayPal's answers.

    Fees and refunds in its reports are negative.

    :param dict money: {"currency_code": ..., "value": ...}
    :raise AmountError: if it is none
    """
    try:
        code, text = money["currency_code"], money["value"]
    except (KeyError, TypeError) as error:
        raise AmountError("PayPal's answer holds no amount.") from error
    return _decimal(text), code


def _decimal(amount):
    try:
        value = Decimal(repr(amount) if isinstance(amount, float) else amount)
        if isinstance(amount, float) and value.is_finite():
            value = value.quantize(FLOAT_STEP)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise AmountError(f"{amount!r} is no amount.") from error
    if not value.is_finite():
        raise AmountError(f"{amount!r} is no amount.")
    return value
