"""A PostgreSQL of the tests' own: the system's programs, with data and a socket in a new folder."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, NullPool, create_engine

MISSING = (
    "These tests need PostgreSQL's programs: install the package postgresql. "
    "On Debian, as root, `make system-packages` does it."
)
OWNER = "yosoku"
# A user who has to give a password, so that a wrong one is refused.
READER, PASSWORD = "reader", "h@sh:Ürsel/7"


@dataclass(frozen=True)
class Postgres:
    """A running server; each database that it is asked for is new."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str = "postgres", user: str = OWNER, password: str | None = None) -> str:
        """The URL of a database by the server's socket."""
        address = {"host": str(self.folder)}
        parts = URL.create("postgresql+psycopg", user, password, database=database, query=address)
        return parts.render_as_string(hide_password=False)

    def new_database(self) -> str:
        """The name of a database that nobody used."""
        name = f"test_{next(self._numbers)}"
        self.run(f'CREATE DATABASE "{name}"')
        return name

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements, each committed by itself."""
        engine = create_engine(self.url(database), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


def find_programs() -> Path | None:
    """The folder of initdb and pg_ctl; Debian keeps them off the PATH."""
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    folders = sorted(installed, key=lambda path: int(path.parent.name.split(".")[0]), reverse=True)
    found = shutil.which("initdb")
    folders += [Path(found).parent] if found else []
    return next((path for path in folders if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server that is gone afterwards, with its data; RuntimeError where PostgreSQL isn't installed."""
    programs = find_programs()
    if programs is None:
        raise RuntimeError(MISSING)
    # A short path, since a socket's has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="yosoku-pg-"))
    data = folder / "data"
    as_owner: list[str] = []
    if os.geteuid() == 0:  # it refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_owner = ["runuser", "-u", "postgres", "--"]

    def call(program: str, *arguments: str) -> None:
        command = [*as_owner, str(programs / program), "-D", str(data), *arguments]
        # What the server inherits would keep a pipe open as long as it runs.
        with (folder / f"{program}.out").open("w+") as output:
            done = subprocess.run(command, check=False, stdout=output, stderr=output, cwd=folder, timeout=120)
            output.seek(0)
            assert done.returncode == 0, f"{program}: {output.read()}"

    try:
        call("initdb", "--auth=trust", f"--username={OWNER}", "--no-sync", "--encoding=UTF8", "--locale=C")
        rules = data / "pg_hba.conf"
        rules.write_text(f"local all {READER} scram-sha-256\n" + rules.read_text())
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
        call("pg_ctl", "start", "-w", "-l", str(folder / "server.log"), "-o", options)
        try:
            server = Postgres(folder)
            server.run(f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_read_all_data")
            yield server
        finally:
            call("pg_ctl", "stop", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
