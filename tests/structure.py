"""Reads the files of the suite for tests/test_structure.py, which says what is asked.

Each ``find_*`` is one rule: it returns what breaks it, a line each, as
``file:line: what is wrong``.
"""

import ast
import functools
import os
import re
from collections import defaultdict
from pathlib import Path

MAX_PYTHON_LINES = 500
MAX_VIEW_LINES = 700

# What a word of an addon may not stand in: the addons that do not depend on it.
WORDS = {
    "kavi_billing_report": r"kavi_billing_report|overview|digest|aging"
    r"|kavi[._](?:log|payment|balance|aging)[._]report|kavi[._]report[._]\w+",
    "kavi_billing_import": r"kavi_billing_import|kavi[._]import\w*|rehears\w*",
    "kavi_billing_export": r"kavi_billing_export|kavi[._]export\w*|kavi[._]outbox\w*"
    r"|outbox|qbxml|quickbooks",
    "kavi_commerce": r"kavi_commerce|kavi[._]gateway\w*|kavi[._]transaction\w*"
    r"|payment[._]transaction|paypal|webhook|checkout|pay[ _]by[ _]card|card payments?"
    r"|\w*gateway",
    "kavi_members": r"kavi_members",
    "kavi_quickbooks": r"kavi_quickbooks",
}
# Where such a word stands for something else: (file, word) and why.
WORD_EXCEPTIONS = {
    (
        "kavi_billing/tools/text.py",
        "quickbooks",
    ): "why texts have no control characters",
}

# Models that extend Odoo's, in a file of the name that Odoo's has.
FILES_OF_ODOO = {"base.partner.merge.automatic.wizard": "base_partner_merge"}

# Folders of plain Python, which knows no model.
PLAIN = ("tools", "reader", "formats", "paypal")
PLAIN_FILES = ("importer/rules.py",)
MODEL_IMPORTS = ("odoo.models", "odoo.fields", "odoo.api")
ROOMS_OF_MODELS = ("models", "wizards", "controllers")
READER_MAY_IMPORT = ("odoo.addons.kavi_billing.tools",)

SKIPPED = {".git", ".odoo", "__pycache__", "build", "dist", "node_modules"}
SKIPPED |= {".hypothesis", ".idea", ".pytest_cache", ".ruff_cache", ".vscode"}

ID = re.compile(r"\b(KB|BB|BA|KC|KM|D|F)-(\d\d)(?!\d)")
ID_RANGE = re.compile(r"\b(KB|BB|BA|KC|KM|D|F)-(\d\d) \.\.\. (?:\1-)?(\d\d)(?!\d)")
ID_LIST = re.compile(r"\b(KB|BB|BA|KC|KM|D|F)-\d\d(?:, (?:\1-)?\d\d(?!\d))+")

LISTED_KEY = re.compile(r"^ {4}(kavi_\w+) {2,}(.+)$", re.M)

HOSTS = ("py" + "pi.org", "python" + "hosted.org", "registry." + "npmjs.org")
FOREIGN = {
    "a package registry": "|".join(map(re.escape, HOSTS)),
    "a path of somebody's machine": r"(?<![\w$}.])/(?:work|root|home/\w+)/",
    "a document that is not here": r"\bDESIGN(?:\.md\b| section| row)|\bhouse\.md\b",
}


# --- reading the tree


def files(root, *endings):
    """The files of the repository with one of these endings, or all of them."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted(set(names) - SKIPPED):
            if not endings or name.endswith(endings):
                yield Path(folder) / name


@functools.cache
def text(path):
    """A file's text; empty for pictures and the like."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


@functools.cache
def parsed(path):
    return ast.parse(text(path), str(path))


def addons(root):
    """Each addon's folder, with the names of all that it depends on and its own."""
    found = {path.parent.name: path for path in sorted(root.glob("*/__manifest__.py"))}
    direct = {
        name: ast.literal_eval(text(path))["depends"] for name, path in found.items()
    }

    def collect(name):
        return {name}.union(*(collect(other) for other in direct.get(name, ())))

    return {root / name: collect(name) for name in found}


def place(root, path, line=1):
    return f"{path.relative_to(root).as_posix()}:{line}"


def line_of(content, position):
    return content.count("\n", 0, position) + 1


def is_test(path):
    return "tests" in path.parts


def addon_code(root, *, tests=False):
    """Each Python file of each addon: (addon, path in it, its full path)."""
    for addon in addons(root):
        for path in files(addon, ".py"):
            inner = path.relative_to(addon)
            if tests or not is_test(inner):
                yield addon, inner, path


def imports(addon, path):
    """Each import of a file as (full dotted name, line)."""
    package = f"odoo.addons.{addon.name}".split(".")
    package += path.relative_to(addon).parent.parts
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *([node.module] if node.module else [])]
            for name in node.names:
                yield ".".join([*base, name.name]), node.lineno


def is_below(name, *packages):
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def constants(node):
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]


def model_classes(path):
    """Each class of a file that makes or extends a model: (model, class)."""
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.ClassDef):
            continue
        named = {}
        for statement in node.body:
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    if getattr(target, "id", "") in ("_name", "_inherit"):
                        named[target.id] = constants(statement.value)
        model = (named.get("_name") or named.get("_inherit") or [None])[0]
        if model:
            yield model, node


def members(node):
    """Each method, field and other attribute of a class: (name, line)."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            decorators = map(ast.unparse, statement.decorator_list)
            if f"{statement.name}.setter" not in decorators:
                yield statement.name, statement.lineno
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if getattr(target, "id", "_inherit") not in ("_name", "_inherit"):
                    yield target.id, statement.lineno
        elif isinstance(statement, ast.AnnAssign):
            yield statement.target.id, statement.lineno


# --- the rules


def find_double_members(root):
    """No method or field of a model is defined twice in one addon."""
    known, found = {}, []
    for addon, _, path in addon_code(root):
        for model, node in model_classes(path):
            for name, line in members(node):
                here, key = place(root, path, line), (addon, model, name)
                if key in known:
                    found.append(f"{here}: {model}.{name} stands at {known[key]} too")
                known.setdefault(key, here)
    return found


def find_scattered_models(root):
    """A model is one file of its name in an addon, or a folder of its name."""
    classes, found = defaultdict(list), []
    for addon, inner, path in addon_code(root):
        if inner.parts[0] in ("models", "wizards"):
            for model, node in model_classes(path):
                classes[addon, model].append((path, node.lineno))
    for (_, model), places in classes.items():
        name = FILES_OF_ODOO.get(model) or model.replace(".", "_")
        for path, line in places:
            here = f"{place(root, path, line)}: {model}"
            if len(places) > 1 and path.parent.name != name:
                found.append(f"{here} has {len(places)} files, and no folder {name}/")
            elif name not in (path.stem, path.parent.name):
                found.append(f"{here} is in no file {name}.py and no folder {name}/")
    return found


def find_models_in_plain_python(root):
    """tools/, reader/, formats/, paypal/ and the import's rules know no model."""
    found = []
    for addon, inner, path in addon_code(root):
        if inner.parts[0] not in PLAIN and inner.as_posix() not in PLAIN_FILES:
            continue
        ours = [f"odoo.addons.{addon.name}.{name}" for name in ROOMS_OF_MODELS]
        for name, line in imports(addon, path):
            is_model = is_below(name, *MODEL_IMPORTS, *ours)
            if inner.parts[0] == "reader" and is_below(name, "odoo"):
                allowed = f"odoo.addons.{addon.name}.reader", *READER_MAY_IMPORT
                is_model = not is_below(name, *allowed)
            if is_model:
                found.append(f"{place(root, path, line)}: imports {name}")
    return found


def find_imports_of_models(root):
    """wizards/ and controllers/ reach models by env: they import none from models/."""
    return [
        f"{place(root, path, line)}: imports {name}"
        for addon, inner, path in addon_code(root)
        if inner.parts[0] in ("wizards", "controllers")
        for name, line in imports(addon, path)
        if re.match(r"odoo\.addons\.\w+\.models\b", name)
    ]


def find_foreign_imports(root):
    """An addon imports only from addons that it depends on."""
    depends, found = addons(root), []
    for addon, _, path in addon_code(root, tests=True):
        for name, line in imports(addon, path):
            other = re.match(r"odoo\.addons\.(kavi_\w+)", name)
            if other and other[1] not in depends[addon]:
                found.append(f"{place(root, path, line)}: imports {name}")
    return found


def find_foreign_words(root):
    """A word of an addon's stands in no addon that does not depend on it."""
    found = []
    for addon, depends in addons(root).items():
        forbidden = [words for name, words in WORDS.items() if name not in depends]
        pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(forbidden)})(?![\w-])", re.I)
        for path in files(addon):
            inner = path.relative_to(root).as_posix()
            if path.parent.name == "i18n" or path.suffix in (".svg", ".html"):
                continue
            content = text(path)
            for match in pattern.finditer(content) if forbidden else ():
                word = match[0].lower()
                if (inner, word) not in WORD_EXCEPTIONS:
                    line = line_of(content, match.start())
                    found.append(f"{inner}:{line}: {match[0]}")
    return found


def find_idle_exceptions(root):
    """Each exception for a word is still needed."""
    return [
        f"{file}:1: {word} is not there any more"
        for file, word in WORD_EXCEPTIONS
        if not (root / file).is_file() or word not in text(root / file).lower()
    ]


def context_uses(path):
    """Each context key of the suite in a file: (key, line, how), how being "plain" for
    a read that anybody's key would pass."""
    if path.suffix == ".xml":
        for context in re.finditer(r'\bcontext="([^"]*)"', text(path)):
            for key in re.findall(r"'(kavi_\w+)'\s*:", context[1]):
                yield key, line_of(text(path), context.start()), "given"
        return
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            yield from _call_keys(node, ast.unparse(node.func))
        elif isinstance(node, ast.Subscript) and _is_context(node.value):
            yield from _kavi_keys(constants(node.slice), node, "plain")
        elif isinstance(node, ast.Compare) and _is_context(node.comparators[0]):
            yield from _kavi_keys(constants(node.left), node, "plain")
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if key is not None and constants(key) == ["context"]:
                    yield from _dict_keys(value, "given")


def _is_context(node):
    return re.search(r"\bcontext$", ast.unparse(node))


def _call_keys(node, called):
    if called.endswith("with_context"):
        yield from _kavi_keys([keyword.arg for keyword in node.keywords], node, "given")
        for value in (*node.args, *(keyword.value for keyword in node.keywords)):
            yield from _dict_keys(value, "given")
    elif called.endswith("private_value"):
        yield from _kavi_keys(constants(node.args[1]), node, "private")
    elif re.search(r"\bcontext\.(get|pop)$", called):
        yield from _kavi_keys(constants(node.args[0]), node, "plain")


def _kavi_keys(keys, node, how):
    for key in keys:
        if isinstance(key, str) and key.startswith("kavi_"):
            yield key, node.lineno, how


def _dict_keys(node, how):
    for one in ast.walk(node):
        if isinstance(one, ast.Dict):
            for key in one.keys:
                if isinstance(key, ast.Constant):
                    yield from _kavi_keys([key.value], one, how)


def find_context_keys(root):
    """Each context key of the suite is listed once, in a tools/context.py, and is used;
    what is not for display is read by private_value() alone."""
    listed, used, found = {}, set(), []
    for addon in addons(root):
        path = addon / "tools" / "context.py"
        content = text(path) if path.is_file() else '""""""'
        docstring = content.split('"""')[1]
        for match in LISTED_KEY.finditer(docstring):
            here = place(root, path, line_of(docstring, match.start()))
            if match[1] in listed:
                other = listed[match[1]][0]
                found.append(f"{here}: {match[1]} is listed at {other} too")
            listed.setdefault(match[1], (here, "display" in match[2]))
    for addon in addons(root):
        for path in files(addon, ".py", ".xml"):
            if is_test(path.relative_to(addon)):
                continue
            for key, line, how in context_uses(path):
                used.add(key)
                here = f"{place(root, path, line)}: {key}"
                if key not in listed:
                    found.append(f"{here} is listed in no tools/context.py")
                elif how == "plain" and not listed[key][1]:
                    found.append(f"{here} is read plainly: anybody can send it")
    return found + [
        f"{listed[key][0]}: {key} is used nowhere" for key in listed if key not in used
    ]


def find_long_files(root):
    """No Python file above 500 lines, tests too, and no view file above 700."""
    found = []
    for path in files(root, ".py", ".xml"):
        limit, folders = MAX_PYTHON_LINES, path.relative_to(root).parts
        if path.suffix == ".xml":
            if not {"views", "wizards", "report"} & set(folders):
                continue
            limit = MAX_VIEW_LINES
        lines = len(text(path).splitlines())
        if lines > limit:
            found.append(f"{place(root, path, lines)}: {lines} lines, at most {limit}")
    return found


def mentioned_ids(root):
    """Each id in code, tests, views and readme, with the first place of it."""
    found = {}
    for path in files(root):
        top = path.relative_to(root).parts[0]
        if top in ("doc", "CHANGELOG.md") or path.parent.name == "i18n":
            continue
        content = text(path)
        for match in ID.finditer(content):
            _note(found, match[1], [match[2]], root, path, match.start())
        for match in ID_RANGE.finditer(content):
            numbers = range(int(match[2]), int(match[3]) + 1)
            _note(found, match[1], numbers, root, path, match.start())
        for match in ID_LIST.finditer(content):
            numbers = re.findall(r"\d\d", match[0])
            _note(found, match[1], numbers, root, path, match.start())
        # test_failure_07_... proves the failure of that number
        for match in re.finditer(r"def test\w*_failure_(\d\d)", content):
            _note(found, "F", [match[1]], root, path, match.start())
    return found


def _note(found, family, numbers, root, path, position):
    here = place(root, path, line_of(text(path), position))
    for number in numbers:
        found.setdefault(f"{family}-{int(number):02d}", here)


def find_requirements(root):
    """Each id has a row in doc/requirements.md; each row names tests that exist, and
    somebody names its id."""
    path, rows, found = root / "doc" / "requirements.md", {}, []
    mentioned = mentioned_ids(root)
    tests = {
        name
        for file in files(root, ".py")
        if is_test(file.relative_to(root))
        for name in re.findall(r"^ *def (test_\w+)", text(file), re.M)
    }
    for line, row in enumerate(text(path).splitlines(), 1):
        match = re.fullmatch(r"\| ([A-Z]+-\d\d) \| [^|]+ \| ([^|]+) \|", row)
        here = place(root, path, line)
        if not match:
            if row.startswith("|") and not re.match(r"\| (Id|---) ", row):
                found.append(f"{here}: no row of the form | id | what | `test` |")
            continue
        identifier, proofs = match[1], re.findall(r"`(test_\w+)`", match[2])
        if identifier in rows:
            found.append(f"{here}: {identifier} has a row already, {rows[identifier]}")
        rows.setdefault(identifier, here)
        if not proofs:
            found.append(f"{here}: {identifier} names no test")
        found += [
            f"{here}: {identifier} names {name}, which is no test"
            for name in proofs
            if name not in tests
        ]
        if identifier not in mentioned:
            found.append(f"{here}: nobody names {identifier}")
    return found + [
        f"{there}: {identifier} has no row in doc/requirements.md"
        for identifier, there in mentioned.items()
        if identifier not in rows
    ]


def find_lost_files(root):
    """Each file that doc/architecture.md names is there: below the root, or, as the
    page says, below kavi_billing."""
    path = root / "doc" / "architecture.md"
    content = text(path) if path.is_file() else ""
    return [
        f"{place(root, path, line_of(content, match.start()))}: there is no {match[1]}"
        for match in re.finditer(r"`([\w./]+\.(?:py|xml|js|sh))`", content)
        if not (root / match[1]).is_file()
        and not (root / "kavi_billing" / match[1]).is_file()
    ]


def find_foreign_references(root):
    """Nothing names a package registry, a path of one machine or a document that is not
    in the repository."""
    found = []
    for path in files(root):
        content = text(path)
        for what, pattern in FOREIGN.items():
            for match in re.finditer(pattern, content):
                here = place(root, path, line_of(content, match.start()))
                found.append(f"{here}: {what}, {match[0]}")
    return found
