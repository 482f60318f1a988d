"""The structure of the suite: what keeps it a house that a newcomer finds their way in.

Plain pytest on the files alone, no database: ``bin/kavi test -k structure``. The table
at the end feeds each rule a small tree that breaks it.
"""

from pathlib import Path

import pytest

from . import structure

ROOT = Path(__file__).resolve().parent.parent


def check(rule):
    found = rule(ROOT)
    assert not found, f"{rule.__doc__}\n" + "\n".join(found)


def test_structure_no_member_twice():
    check(structure.find_double_members)


def test_structure_one_place_a_model():
    check(structure.find_scattered_models)


def test_structure_plain_python_knows_no_model():
    check(structure.find_models_in_plain_python)


def test_structure_nobody_imports_models():
    check(structure.find_imports_of_models)


def test_structure_imports_follow_dependencies():
    check(structure.find_foreign_imports)


def test_structure_no_words_of_siblings():
    check(structure.find_foreign_words)


def test_structure_exceptions_are_needed():
    check(structure.find_idle_exceptions)


def test_structure_context_keys_are_listed():
    check(structure.find_context_keys)


def test_structure_no_long_files():
    check(structure.find_long_files)


def test_structure_requirements():
    check(structure.find_requirements)


def test_structure_architecture():
    check(structure.find_lost_files)
    asked = (ROOT / "doc" / "architecture.md").read_text().count("? | `")
    assert asked >= 25


def test_structure_nothing_from_outside():
    check(structure.find_foreign_references)


# --- each rule can fail

MANIFEST = "{'depends': ['account']}"
ON_CORE = "{'depends': ['kavi_billing']}"
# made up: an id that stood here as such would have to have a row
ID, OTHER, THIRD = ("KB" + number for number in ("-97", "-98", "-99"))
FAILURE = "test_failure" + "_97"
ROW = "| Id | What | Tests |\n| --- | --- | --- |\n| %s | One. | %s |\n"

BILL = "class Bill(models.Model):\n    _inherit = 'kavi.bill'\n"

# rule: (the files, and the places with what is found there)
CASES = {
    "method in two files": (
        structure.find_double_members,
        {
            "kavi_billing/models/kavi_bill/a.py": f"{BILL}    def act(self): ...\n",
            "kavi_billing/models/kavi_bill/b.py": f"{BILL}    def act(self): ...\n",
            "kavi_other/__manifest__.py": ON_CORE,
            "kavi_other/models/kavi_bill.py": f"{BILL}    def act(self): ...\n",
        },
        ["kavi_billing/models/kavi_bill/b.py:3: kavi.bill.act"],
    ),
    "field that is a property elsewhere": (
        structure.find_double_members,
        {
            "kavi_billing/models/kavi_bill/a.py": f"{BILL}    paid = fields.Float()\n",
            "kavi_billing/models/kavi_bill/b.py": "class Bill(models.Model):\n"
            "    _name = 'kavi.bill'\n    _inherit = ['mail.thread', 'portal.mixin']\n"
            "    @property\n    def paid(self): ...\n",
        },
        ["kavi_billing/models/kavi_bill/b.py:5: kavi.bill.paid"],
    ),
    "method twice in one class": (
        structure.find_double_members,
        {
            "kavi_billing/models/a.py": f"{BILL}    def act(self): ...\n"
            "    @property\n    def name(self): ...\n"
            "    @name.setter\n    def name(self, name): ...\n"
            "    def act(self): ...\n",
        },
        ["kavi_billing/models/a.py:8: kavi.bill.act"],
    ),
    "model in two files": (
        structure.find_scattered_models,
        {
            "kavi_billing/models/a.py": BILL,
            "kavi_billing/models/kavi_bill/b.py": BILL,
            "kavi_billing/models/kavi_credit.py": BILL.replace(".bill", ".credit"),
            "kavi_billing/wizards/c.py": BILL.replace(".bill", ".wizard"),
        },
        [
            "kavi_billing/models/a.py:1: kavi.bill has 2 files",
            "kavi_billing/wizards/c.py:1: kavi.wizard is in no file kavi_wizard.py",
        ],
    ),
    "model in plain Python": (
        structure.find_models_in_plain_python,
        {
            "kavi_billing/tools/a.py": "import re\nfrom odoo import _, models\n",
            "kavi_billing/formats/b.py": "from ..models.a import A\n",
            "kavi_billing/importer/rules.py": "import odoo.fields\n",
            "kavi_billing/importer/runner.py": "from odoo import fields\n",
            "kavi_billing/reader/c.py": "import csv\nfrom odoo.tools import sql\n"
            "from odoo.addons.kavi_billing.tools.text import x\nfrom .a import b\n",
        },
        [
            "kavi_billing/formats/b.py:1: imports odoo.addons.kavi_billing.models.a.A",
            "kavi_billing/importer/rules.py:1: imports odoo.fields",
            "kavi_billing/reader/c.py:2: imports odoo.tools.sql",
            "kavi_billing/tools/a.py:2: imports odoo.models",
        ],
    ),
    "wizard that imports a model": (
        structure.find_imports_of_models,
        {
            "kavi_billing/wizards/a.py": "from ..a import A\nfrom ..models import B",
            "kavi_billing/controllers/b.py": "from odoo.addons.payment.models import c",
            "kavi_billing/models/d.py": "from .a import b\n",
        },
        [
            "kavi_billing/controllers/b.py:1: imports odoo.addons.payment.models.c",
            "kavi_billing/wizards/a.py:2: imports odoo.addons.kavi_billing.models.B",
        ],
    ),
    "import from an addon that may not be there": (
        structure.find_foreign_imports,
        {
            "kavi_billing/tests/test_a.py": "from odoo.addons.kavi_other.a import b\n",
            "kavi_other/__manifest__.py": ON_CORE,
            "kavi_other/models/a.py": "from odoo.addons.kavi_billing.a import b\n",
            "kavi_third/__manifest__.py": "{'depends': ['kavi_other']}",
            "kavi_third/models/a.py": "from odoo.addons.kavi_billing.a import b\n",
        },
        ["kavi_billing/tests/test_a.py:1: imports odoo.addons.kavi_other.a.b"],
    ),
    "word of a sibling": (
        structure.find_foreign_words,
        {
            "kavi_billing/views/a.xml": "<a/>\n<b name='awaiting_gateway'/>\n",
            "kavi_billing/readme/USAGE.md": "compare_digest\n\nBilling → Overview\n",
            "kavi_billing/i18n/kavi_billing.pot": "gateway",
            "kavi_commerce/__manifest__.py": ON_CORE,
            "kavi_commerce/models/a.py": "'awaiting_gateway'\n'kavi.export'\n",
        },
        [
            "kavi_billing/readme/USAGE.md:3: Overview",
            "kavi_billing/views/a.xml:2: awaiting_gateway",
            "kavi_commerce/models/a.py:2: kavi.export",
        ],
    ),
    "exception that is not needed": (
        structure.find_idle_exceptions,
        {file: "plain" for file, _ in structure.WORD_EXCEPTIONS},
        [f"{file}:1: {word}" for file, word in structure.WORD_EXCEPTIONS],
    ),
    "context keys": (
        structure.find_context_keys,
        {
            "kavi_billing/tools/context.py": '"""Keys:\n\n    kavi_a     one\n'
            '    kavi_b     for display\n    kavi_c     idle\n    kavi_a     two\n"""',
            "kavi_billing/models/a.py": "self.with_context(kavi_a=1)\n"
            "private_value(self.env.context, 'kavi_a')\n"
            "self.env.context.get('kavi_a')\n"
            "self.env.context.get('kavi_b')\n"
            "self.with_context({'kavi_d': 1})\n"
            "vals = {'kavi_bill_id': 1, 'context': {'kavi_e': 1}}\n"
            "'kavi_a' in self.env.context\n",
            "kavi_billing/views/a.xml": "<a context=\"{'kavi_f': 1, 'g': 'kavi_h'}\"/>",
        },
        [
            "kavi_billing/models/a.py:3: kavi_a is read plainly",
            "kavi_billing/models/a.py:5: kavi_d is listed in no",
            "kavi_billing/models/a.py:6: kavi_e is listed in no",
            "kavi_billing/models/a.py:7: kavi_a is read plainly",
            "kavi_billing/tools/context.py:5: kavi_c is used nowhere",
            "kavi_billing/tools/context.py:6: kavi_a is listed at",
            "kavi_billing/views/a.xml:1: kavi_f is listed in no",
        ],
    ),
    "long files": (
        structure.find_long_files,
        {
            "kavi_billing/models/a.py": "\n" * 501,
            "kavi_billing/models/b.py": "\n" * 500,
            "kavi_billing/views/a.xml": "\n" * 701,
            "kavi_billing/demo/a.xml": "\n" * 701,
        },
        [
            "kavi_billing/models/a.py:501: 501 lines, at most 500",
            "kavi_billing/views/a.xml:701: 701 lines, at most 700",
        ],
    ),
    "id without a row, row without a test, row without an id": (
        structure.find_requirements,
        {
            "doc/requirements.md": ROW % (ID, "`test_a`, `test_b`")
            + f"| {ID} | Again. | `test_a` |\n| {THIRD} | Idle. | none yet |\n",
            "tests/test_a.py": f"def test_a():\n    '''{ID} and {OTHER}'''\n",
        },
        [
            f"doc/requirements.md:3: {ID} names test_b",
            f"doc/requirements.md:4: {ID} has a row already",
            f"doc/requirements.md:5: {THIRD} names no test",
            f"doc/requirements.md:5: nobody names {THIRD}",
            f"tests/test_a.py:2: {OTHER} has no row",
        ],
    ),
    "ids from one to another": (
        structure.find_requirements,
        {
            "doc/requirements.md": ROW % (ID, "`test_failure_97`")
            + "| broken | row |\n",
            "kavi_billing/models/a.py": f"# {ID} ... {THIRD}, and {OTHER}, 96\n",
            "tests/test_a.py": f"def {FAILURE}(): ...\n",
        },
        [
            "doc/requirements.md:4: no row of the form",
            *(
                f"kavi_billing/models/a.py:1: {one} has no row"
                for one in ("KB" + "-96", OTHER, THIRD)
            ),
            "tests/test_a.py:1: F" + "-97 has no row",
        ],
    ),
    "a page that names what is gone": (
        structure.find_lost_files,
        {
            "doc/architecture.md": "`tools/a.py`, `tools/b.py`\n`tests/c.py`\n",
            "kavi_billing/tools/a.py": "",
            "tests/c.py": "",
        },
        ["doc/architecture.md:1: there is no tools/b.py"],
    ),
    "what only its author can look up": (
        structure.find_foreign_references,
        {
            "README.md": f"{structure.HOSTS[0]}\n\n/{'root'}/x and $home/root/usr\n",
            "bin/kavi": f"# {'DESIGN'} section 4\n",
        },
        [
            f"README.md:1: a package registry, {structure.HOSTS[0]}",
            "README.md:3: a path of somebody's machine",
            "bin/kavi:1: a document that is not here",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_structure_rule_can_fail(case, tmp_path):
    rule, tree, expected = CASES[case]
    for name, content in ({"kavi_billing/__manifest__.py": MANIFEST} | tree).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    found = sorted(rule(tmp_path))
    assert len(found) == len(expected), "\n".join(found)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)


def test_structure_every_rule_has_a_case():
    rules = {rule for name, rule in vars(structure).items() if name.startswith("find_")}
    assert rules == {rule for rule, _, _ in CASES.values()}
