"""What reaches outside is turned off in a copy: each addon with a model that does has a
``data/neutralize.sql`` that names the model's table. On the files alone, no database.
"""

import ast
from pathlib import Path

import pytest

from .structure import (
    addon_code,
    addons,
    imports,
    is_below,
    model_classes,
    place,
    text,
)

ROOT = Path(__file__).resolve().parent.parent
# What opens a connection to somewhere else.
LIBRARIES = (
    *("requests", "urllib.request", "urllib3", "http.client", "httpx", "aiohttp"),
    *("socket", "smtplib", "imaplib", "poplib", "ftplib", "telnetlib", "ssl"),
    *("paramiko", "zeep", "xmlrpc.client", "websocket", "paypalrestsdk", "subprocess"),
)
# Odoo's models whose records go out by themselves.
MAILS = {"mail.mail": "mail_mail"}


def find_open_doors(root):
    """Each model that reaches outside is named in its addon's neutralize.sql, or in
    that of an addon below it."""
    found, folders = [], addons(root)
    reaching = find_reaching(root)
    for addon, inner, path in addon_code(root):
        if inner.parts[0] not in ("models", "wizards"):
            continue
        content = "".join(
            text(root / name / "data" / "neutralize.sql")
            for name in folders[addon]
            if (root / name / "data" / "neutralize.sql").is_file()
        )
        for model, node in model_classes(path):
            tables = {MAILS[mail] for mail in MAILS if makes(node, mail)}
            if path in reaching:
                tables.add(model.replace(".", "_"))
            found += [
                f"{place(root, path, node.lineno)}: {model} reaches outside, and no "
                f"data/neutralize.sql of {addon.name} names {table}"
                for table in sorted(tables)
                if f" {table}\n" not in content
            ]
    return found


def find_reaching(root):
    """The files that import what opens connections, or a file of their addon that
    does."""
    code = list(addon_code(root))
    known = {
        path
        for addon, _, path in code
        for name, _ in imports(addon, path)
        if is_below(name, *LIBRARIES)
    }
    while True:
        more = {
            path
            for addon, _, path in code
            if path not in known
            and any(
                # the module itself, or a name in it
                is_below(name, *names_of(addon, known))
                for name, _ in imports(addon, path)
            )
        }
        if not more:
            return known
        known |= more


def names_of(addon, paths):
    for path in paths:
        if path.is_relative_to(addon):
            inner = path.relative_to(addon).with_suffix("").parts
            yield ".".join(("odoo", "addons", addon.name, *inner))


def makes(node, model):
    """Whether a class has a record of that model made."""
    return any(
        isinstance(one, ast.Subscript)
        and ast.unparse(one.value).endswith("env")
        and ast.unparse(one.slice) == repr(model)
        for one in ast.walk(node)
    )


def test_structure_copies_are_neutralized():
    found = find_open_doors(ROOT)
    assert not found, f"{find_open_doors.__doc__}\n" + "\n".join(found)


def test_structure_all_that_reaches_is_seen():
    """The rule is not blind: it sees the gateway's client and the outbox."""
    names = {f"{path.parent.name}/{path.name}" for path in find_reaching(ROOT)}
    assert "paypal/connection.py" in names
    assert "payment_provider/base.py" in names
    assert "models/kavi_outbox_message.py" in names


SQL = "UPDATE kavi_a\n   SET url = NULL;\n"
MODEL = "class A(models.Model):\n    _name = 'kavi.a'\n"
MANIFEST = "{'depends': ['account']}"
# the files, and the places with what is found there
CASES = {
    "a model that posts": (
        {"kavi_billing/models/kavi_a.py": f"import requests\n{MODEL}"},
        ["kavi_billing/models/kavi_a.py:2: kavi.a"],
    ),
    "it is named": (
        {
            "kavi_billing/models/kavi_a.py": f"import requests\n{MODEL}",
            "kavi_billing/data/neutralize.sql": SQL,
        },
        [],
    ),
    "another is named": (
        {
            "kavi_billing/models/kavi_a.py": f"import requests\n{MODEL}",
            "kavi_billing/data/neutralize.sql": SQL.replace("kavi_a", "kavi_a_b"),
        },
        ["kavi_billing/models/kavi_a.py:2: kavi.a"],
    ),
    "by way of a client": (
        {
            "kavi_billing/tools/line.py": "from urllib import request\n",
            "kavi_billing/tools/client.py": "from . import line\n",
            "kavi_billing/models/kavi_a.py": "from ..tools.client import Client\n"
            f"{MODEL}",
            "kavi_billing/models/kavi_b.py": f"from ..tools.clients import c\n{MODEL}",
        },
        ["kavi_billing/models/kavi_a.py:2: kavi.a"],
    ),
    "a wizard that mails": (
        {
            "kavi_billing/wizards/kavi_a.py": f"{MODEL}"
            "    def send(self):\n        self.env['mail.mail'].sudo().create({})\n",
        },
        ["kavi_billing/wizards/kavi_a.py:1: kavi.a"],
    ),
    "mails are stopped further down": (
        {
            "kavi_billing/data/neutralize.sql": "UPDATE mail_mail\n   SET a = b;\n",
            "kavi_other/__manifest__.py": "{'depends': ['kavi_billing']}",
            "kavi_other/models/kavi_a.py": f"{MODEL}"
            "    def send(self):\n        self.env['mail.mail'].create({})\n",
        },
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_structure_rule_of_copies_can_fail(case, tmp_path):
    tree, expected = CASES[case]
    for name, content in ({"kavi_billing/__manifest__.py": MANIFEST} | tree).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    found = find_open_doors(tmp_path)
    assert len(found) == len(expected), "\n".join(found)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)
