"""The suite as its root manifest describes it.

Standard library only, since it runs before anything is installed.

As a script it prints what bin/kavi needs, as shell variables:
    suite_name, version, addons   from the root manifest
    base                          the addons of Odoo that ours are built on
    addons_key                    changes when an installed database would differ
    addons_set                    changes when one is not updated but made anew: each
                                  addon, with its version as far as the major
"""

import ast
import hashlib
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Files of an addon that no installed database depends on.
NOT_INSTALLED = {"tests", "readme", "__pycache__"}
NOT_INSTALLED_SUFFIXES = {".md", ".rst", ".pot", ".pyc", ".toml"}


def manifest(folder=ROOT):
    path = Path(folder) / "__manifest__.py"
    try:
        return ast.literal_eval(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError) as error:
        sys.exit(f"kavi: {path} cannot be read: {error}")


def addons(root=ROOT):
    return manifest(root)["depends"]


def base(root=ROOT):
    """What the addons depend on beyond each other."""
    ours = addons(root)
    needed = set()
    for addon in ours:
        needed.update(manifest(Path(root) / addon)["depends"])
    return sorted(needed - set(ours))


def addons_key(root=ROOT):
    digest = hashlib.sha256()
    for addon in addons(root):
        for path in sorted((Path(root) / addon).rglob("*")):
            name = path.relative_to(root)
            if path.suffix in NOT_INSTALLED_SUFFIXES or NOT_INSTALLED & set(name.parts):
                continue
            if path.is_file():
                digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def addons_set(root=ROOT):
    versions = {
        addon: manifest(Path(root) / addon)["version"] for addon in addons(root)
    }
    return ",".join(
        f"{addon}={'.'.join(version.split('.')[:3])}"
        for addon, version in sorted(versions.items())
    )


def main():
    suite = manifest()
    values = {
        "suite_name": suite["name"],
        "version": suite["version"],
        "addons": ",".join(addons()),
        "base": ",".join(base()),
        "addons_key": addons_key(),
        "addons_set": addons_set(),
    }
    for name, value in values.items():
        print(f"{name}={shlex.quote(value)}")


if __name__ == "__main__":
    main()
