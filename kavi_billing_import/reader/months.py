"""Days that are written with the name of a month. Plain Python, no ORM."""

import re
import unicodedata
from datetime import date
from functools import cache

from babel.dates import get_day_names, get_month_names

# Full names in these languages; short ones only in those of the first line, for in all
# of them together a short name soon means two months.
_SHORT = ("en", "de", "fr", "es", "it", "nl", "pt", "sv", "da", "nb", "ca")
_FULL = (*_SHORT, "pl", "cs", "sk", "fi", "hu", "ro", "tr", "sl", "et", "el")
_FULL += (
    "lt",
    "lv",
    "hr",
    "id",
    "ru",
    "uk",
    "bg",
    "is",
    "ga",
    "eu",
    "gl",
    "sq",
    "he",
    "ar",
)
_MORE = {"sept": 9, "mrz": 3, "maer": 3, "maerz": 3, "jaenner": 1}
# What stands between day, month and year.
_FILLERS = {"de", "del", "of", "the", "den", "le", "il", "el", "a", "d"}
_ORDINALS = {"st", "nd", "rd", "th", "er", "e", "o", "re"}
_EAST_ASIAN = re.compile(r"(\d{4})[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일]", re.ASCII)
_WORD = re.compile(r"[^\W\d_]+|\d+")


def _fold(text):
    """A word as it is compared: no case, no accents, no point."""
    text = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in text if char.isalpha())


@cache
def _names():
    """:return: ``({name: month}, names of weekdays)``; no name that means two months"""
    months, twice, days = {}, set(), set()

    def add(name, month):
        key = _fold(name)
        # two letters are no name, and some languages only have numbers
        if len(key) > 2 and months.setdefault(key, month) != month:
            twice.add(key)

    for language in _FULL:
        widths = ("wide", "abbreviated") if language in _SHORT else ("wide",)
        for context in ("format", "stand-alone"):
            for width in widths:
                names = get_month_names(width, context, language)
                for month, name in names.items():
                    add(name, month)
                    if width == "wide" and language == "en":
                        add(name[:3], month)
                weekdays = get_day_names(width, context, language)
                days.update(_fold(name) for name in weekdays.values())
    months.update(_MORE)
    for key in twice:
        months.pop(key, None)
    return months, days


def parse_month_name(text):
    """The day that a text with the name of a month says.

    :return: date; ``None`` of a text that has no such name
    :raise ValueError: when it has one, and says no day or several
    """
    if match := _EAST_ASIAN.fullmatch(text):
        return date(*map(int, match.groups()))
    if not any(char.isalpha() for char in text):
        return None
    months, weekdays = _names()
    parts, month = [], None
    for word in _WORD.findall(unicodedata.normalize("NFC", text)):
        if word.isdigit():
            parts.append(word)
            continue
        word = _fold(word)
        if word in months and month is None:
            month = months[word]
            parts.append("M")
        elif word in _ORDINALS and parts and parts[-1] != "M":
            continue
        elif word not in weekdays and word not in _FILLERS:
            if month is None:
                return None
            raise ValueError(text)
    if month is None:
        return None
    figures = [part for part in parts if part != "M"]
    if len(figures) != 2 or not all(part.isascii() for part in figures):
        raise ValueError(text)
    # the year is the one of four figures, or stands last; a day has two at most
    day, year = figures
    if len(day) == 4:
        day, year = year, day
    if len(day) > 2 or len(year) not in (2, 4):
        raise ValueError(text)
    number = int(year)
    if len(year) == 2:
        number += 1900 if number > 68 else 2000
    return date(number, month, int(day))
