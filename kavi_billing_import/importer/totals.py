"""Rows that are no data: sums, headings and footers. Plain Python, no ORM."""

from decimal import Decimal

from odoo.addons.kavi_billing.tools.text import fold

from .rules import BALANCES, MAX_TEXT, ZERO

_WORDS = tuple(
    map(
        fold,
        (
            *("Total", "Totals", "Grand total", "Sub total", "Subtotal", "Sum"),
            *("Gesamt", "Summe", "Gesamtsumme", "Gesamtbetrag", "Zwischensumme"),
            *("Endsumme", "Insgesamt", "Total général", "Sous total", "Somme"),
            *("Totale", "Subtotale", "Totale generale", "Totaal", "Subtotaal"),
            *("Eindtotaal", "Suma", "Suma total", "Total general", "Soma", "Razem"),
            *("Ogółem", "Celkem", "Součet", "Spolu", "Összesen", "Toplam"),
            *("Genel toplam", "Yhteensä", "Summa", "Totalt", "I alt", "Samtals"),
            *("Итого", "Всего", "Разом", "Усього", "Σύνολο", "Γενικό σύνολο"),
            *("Ukupno", "Skupaj", "Kokku", "Iš viso", "Kopā", "Jumlah"),
            *("合計", "合计", "总计", "總計", "総計", "小計", "小计", "합계", "총계"),
            *("المجموع", "الإجمالي", "סה״כ", 'סה"כ', "รวม", "Tổng cộng"),
        ),
    )
)
_JOINTS = tuple(map(fold, ("for", "of", "für", "pour", "de", "di", "van", "para")))


def read_totals_word(text):
    """Whether a text says that it stands before a sum.

    :return: "" where it does and says no more; what it is the sum of ("Total for
        Acme"), folded and without hyphens; or ``None``
    """
    if len(text) > MAX_TEXT:
        return None
    text = fold(text).replace("-", " ").strip(" :.=*")
    if not text.startswith(_WORDS) and not text.endswith(_WORDS):
        return None
    for word in sorted(_WORDS, key=len, reverse=True):
        if text == word:
            return ""
        if text.startswith(f"{word} ") or text.startswith(f"{word}:"):
            rest = text[len(word) :].strip(" :.-")
            for joint in _JOINTS:
                rest = rest.removeprefix(f"{joint} ")
            return rest
        if text.endswith(f" {word}"):
            return text[: -len(word)].strip(" :.-")
    return None


class AsideFinder:
    """Tells rows of data from the others, one after the other."""

    def __init__(self, kind):
        """
        :param str kind: of the file
        """
        self._kind = kind
        self._names = set()
        # what the rows above come to and how many they are: all, and since a sum
        self._all, self._since = (ZERO, 0), (ZERO, 0)

    def find(self, content, cells):
        """What a row is that is no data.

        :param dict content: what could be read of it
        :param dict cells: what stands in it: ``{(position, target or None): text}``
        :return: "totals", "alone" for a single text, "sum" for what is called a sum
            and is none; ``None`` for data
        """
        texts = [text for text in cells.values() if any(map(str.isalpha, text))]
        targets = {target for __, target in cells}
        words = [read_totals_word(text) for text in texts[:3]]
        words = [word for word in words if word is not None]
        if self._kind == BALANCES:
            return self._find_balance(content, texts, words)
        named = content.get("bill_id")
        if "bill_date" in content or named and read_totals_word(named) is None:
            return None
        if words or (not texts and "bill_date" not in targets and cells):
            return "totals"
        return "alone" if len(cells) == 1 else None

    def _find_balance(self, content, texts, words):
        name = content.get("account")
        balance = Decimal(content.get("balance") or 0)
        if not name:
            if words or (not texts and balance and self._is_sum(balance)):
                return self._take_sum()
            return "alone" if len(texts) == 1 and "balance" not in content else None
        word = read_totals_word(name)
        if word is not None:
            is_sum = self._is_sum(balance)
            if not word and not is_sum:
                return "sum"
            if word in self._names or is_sum:
                return self._take_sum()
        self._names.add(fold(name).replace("-", " "))
        self._all = (self._all[0] + balance, self._all[1] + 1)
        self._since = (self._since[0] + balance, self._since[1] + 1)
        return None

    def _take_sum(self):
        self._since = (ZERO, 0)
        return "totals"

    def _is_sum(self, balance):
        """Whether an amount is what the rows above come to: all, or those since the
        last sum; a single one is no sum."""
        return any(
            count > 1 and total == balance for total, count in (self._all, self._since)
        )
