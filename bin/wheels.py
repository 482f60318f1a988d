"""Builds a wheel of each addon of the suite into dist/, and looks into it."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import suite

DIST = suite.ROOT / "dist"


def files(addon):
    """The addon's files that git has or would add: what is ignored stays out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        [*command, "--", addon], cwd=suite.ROOT, capture_output=True, text=True
    )
    if listed.returncode:  # not a clone, but an archive of one
        return [path for path in (suite.ROOT / addon).rglob("*") if path.is_file()]
    found = {suite.ROOT / name for name in listed.stdout.split("\0") if name}
    return [path for path in found if path.is_file()]


def build(addon, folder):
    for path in files(addon):
        target = Path(folder) / path.relative_to(suite.ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    # The version is the manifest's and not one counted from git's history, and the
    # files are those of the copy.
    environment = os.environ | {
        "WHOOL_POST_VERSION_STRATEGY_OVERRIDE": "none",
        "GIT_DIR": os.devnull,
    }
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "-w", str(DIST), str(Path(folder) / addon)]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True)
    if answer.returncode:
        sys.exit(f"{answer.stdout}{answer.stderr}kavi: {addon} cannot be packed")
    (wheel,) = DIST.glob(f"odoo_addon_{addon}-*.whl")
    return wheel


def problems(addon, wheel):
    """What the wheel should hold and does not."""
    manifest = suite.manifest(suite.ROOT / addon)
    version = suite.manifest()["version"]
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    for name in manifest.get("data", []) + manifest.get("demo", []):
        if f"odoo/addons/{addon}/{name}" not in held:
            yield f"{wheel.name} lacks {name}"
    if manifest["version"] != version:
        yield f"{addon} is {manifest['version']}, the suite is {version}"


def main():
    shutil.rmtree(DIST, ignore_errors=True)
    found = []
    for addon in suite.addons():
        with tempfile.TemporaryDirectory() as folder:
            wheel = build(addon, folder)
        print(wheel.relative_to(suite.ROOT))
        found += problems(addon, wheel)
    sys.exit("\n".join(f"kavi: {problem}" for problem in found) or 0)


if __name__ == "__main__":
    main()
