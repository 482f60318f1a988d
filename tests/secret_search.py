"""Looks for what must never be kept: card numbers, the gateway's secret, its tokens.

All text in the database, all files of attachments, and logs.
"""

import re
from pathlib import Path

from odoo.tools import config

# Where a secret lives, and nowhere else: the provider's own credentials, which Odoo
# keeps in these columns and shows to administrators only.
HOME = {
    ("payment_provider", "paypal_client_secret"),
    ("payment_provider", "paypal_access_token"),
}
# Links of the portal carry a token of the document (access_token, signup_token): it
# opens that one page to whom it was mailed, and is no secret of the gateway; so what is
# searched for are the gateway's own secrets, by their value, and what looks like one.
# PayPal's tokens all begin so.
_TOKEN = re.compile(r"A21AA[\w.-]{8,}")
_NUMBER = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")
# How cards begin: 13 to 19 digits that pass the check by chance (one of ten does) are
# most often a time, a sequence or a bar code, and those begin otherwise.
_ISSUERS = re.compile(r"2[2-7]|3[0-5]|3[6-9]|4|5[0-9]|6[0-7]")
_WORTH = r"A21AA|\d([ -]?\d){12}"
_TEXT = ("text", "character varying", "character", "json", "jsonb", "bytea")


def passes_luhn(digits):
    doubled = [
        (2 * int(digit) - 9 * (int(digit) > 4)) if place % 2 else int(digit)
        for place, digit in enumerate(reversed(digits))
    ]
    return sum(doubled) % 10 == 0


def find_in_text(text, secrets):
    """What a text holds of secrets: a list of words for it, not the secret itself."""
    found = [f"secret {secret[:4]}..." for secret in secrets if secret in text]
    found += [f"token {token[:9]}..." for token in _TOKEN.findall(text)]
    for match in _NUMBER.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if _ISSUERS.match(digits) and passes_luhn(digits):
            found.append(f"card number {digits[:2]}...{digits[-2:]}")
    return found


def find_secrets(scratch, secrets, logs=()):
    """Search a scratch database, its attachments' files, and logs.

    :param secrets: texts that must not be anywhere
    :return: ["table.column or file: what"]
    """
    found = []
    with scratch.registry.cursor() as cr:
        cr.execute(
            """
            SELECT c.table_name, c.column_name, c.data_type
              FROM information_schema.columns c
              JOIN information_schema.tables t USING (table_schema, table_name)
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
               AND c.data_type IN %s
             ORDER BY 1, 2
            """,
            [_TEXT],
        )
        for table, column, kind in cr.fetchall():
            if (table, column) in HOME:
                continue
            name = f'"{column}"'
            text = f"encode({name}, 'escape')" if kind == "bytea" else f"{name}::text"
            # the database picks out what is worth a look
            cr.execute(
                f'SELECT {text} FROM "{table}" WHERE {name} IS NOT NULL'
                f" AND {text} ~ %s",
                ["|".join([_WORTH, *map(re.escape, secrets)])],
            )
            for (value,) in cr.fetchall():
                found += [
                    f"{table}.{column}: {what}" for what in find_in_text(value, secrets)
                ]
    folder = Path(config["data_dir"]) / "filestore" / scratch.name
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in [*files, *map(Path, logs)]:
        text = path.read_bytes().decode(errors="replace")
        found += [f"{path.name}: {what}" for what in find_in_text(text, secrets)]
    return found
