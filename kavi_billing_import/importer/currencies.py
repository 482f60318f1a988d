"""Which currencies a sign beside an amount can be. Plain Python, no ORM."""

_DOLLARS = (
    "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP UYU BBD BMD BND BSD BZD FJD GYD JMD "
    "KYD LRD NAD SBD SRD TTD TVD XCD ZWL CUP DOP CVE"
)
# A sign, and the currencies it stands for; "" for any.
_SIGNS = {
    "$": _DOLLARS,
    "US$": "USD",
    **dict.fromkeys(("CA$", "C$"), "CAD"),
    **dict.fromkeys(("AU$", "A$"), "AUD"),
    "NZ$": "NZD",
    **dict.fromkeys(("S$", "SG$"), "SGD"),
    "HK$": "HKD",
    **dict.fromkeys(("NT$", "TW$"), "TWD"),
    **dict.fromkeys(("MX$", "M$"), "MXN"),
    "R$": "BRL",
    "£": "GBP EGP FKP GIP LBP SDG SHP SSP SYP",
    "€": "EUR",
    "¥": "JPY CNY",
    "¢": "none",
    "₩": "KRW KPW",
    "₪": "ILS",
    "₫": "VND",
    "₱": "PHP",
    "₹": "INR",
    "₺": "TRY",
    "₽": "RUB",
    "₴": "UAH",
    "₦": "NGN",
    "₡": "CRC",
    "₲": "PYG",
    "₵": "GHS",
    "₸": "KZT",
    "₾": "GEL",
    "₼": "AZN",
    "₮": "MNT",
    "₭": "LAK",
    "฿": "THB",
    "֏": "AMD",
    "﷼": "IRR SAR QAR OMR YER",
    **dict.fromkeys(("₨", "Rs"), "INR PKR LKR MUR NPR SCR"),
    "kr": "SEK NOK DKK ISK",
    "Kč": "CZK",
    "zł": "PLN",
    "Ft": "HUF",
    "lei": "RON MDL",
    "лв": "BGN",
    "руб": "RUB BYN",
    "din": "RSD DZD TND IQD",
    "Fr": "CHF XOF XAF XPF",
    "R": "ZAR",
}


def sign_fits(sign, code, symbol):
    """Whether an amount with this sign can be one of a currency.

    :param str sign: "€", "US$", "EUR"; "%" is none of any
    :param str code: of the currency, "EUR"
    :param str symbol: as Odoo shows it
    """
    sign = sign.rstrip(".")
    if sign in ("¤", code):
        return True
    if sign in _SIGNS:
        return code in _SIGNS[sign].split()
    return sign.casefold() == (symbol or "").rstrip(".").casefold()
