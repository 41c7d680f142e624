"""PostgreSQL: an own cluster with passwords and durable commits, not the distribution's."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import psycopg
from psycopg import sql

from eakte.services.errors import NotReady
from eakte.services.install import require_version, system_program
from eakte.services.process import Server

_USER, _DATABASE = "eakte", "eakte"
_ADMIN = "postgres"
_OLDEST = 14


class Postgres(Server):
    """The account of the E-Akte owns its database and may create others (tests do); it is no superuser."""

    name: ClassVar[str] = "postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": open connections don't hold it up

    @classmethod
    def install(cls, _cache: Path, /) -> None:
        """From the distribution."""
        programs_folder(install=True)

    def find(self, _cache: Path, /) -> None:
        """Any version from 14, the newest of the distribution's first."""
        self._programs = programs_folder()

    def prepare(self) -> None:
        """A cluster that sorts as SQLite does (by code point) and asks everybody for a password."""
        password = self.write("admin-password", self.secret("database-admin-password").read_text())
        self.run(
            [
                str(self._programs / "initdb"), f"--pgdata={self._cluster}", f"--username={_ADMIN}", "--encoding=UTF8",
                "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync",
            ]
        )  # fmt: skip
        password.unlink()
        with (self._cluster / "pg_hba.conf").open("a") as rules:
            rules.write(
                "host all all samenet scram-sha-256\n"
            )  # the machine's own networks, as far as `host` is in one

    def command(self) -> Sequence[str]:
        """No socket in the file system; commits are durable."""
        options = {
            "listen_addresses": self.host, "port": self.port, "unix_socket_directories": "", "fsync": "on", "jit": "off",
            "max_connections": 200, "shared_buffers": "64MB", "timezone": "UTC",
            # A cleaner of the superuser's in a database keeps everybody else from dropping it, as tests do all the time.
            "autovacuum": "off" if self.short_lived else "on",
        }  # fmt: skip
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self._programs / "postgres"), "-D", str(self._cluster), *settings]

    def check(self) -> None:
        """A query."""
        try:
            with self.admin() as connection:
                connection.execute("SELECT 1")
        except psycopg.Error as error:
            raise NotReady from error

    def populate(self) -> None:
        """The account and its database."""
        password = self.secret("database-password").read_text()
        with self.admin() as connection:
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [_USER]).fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(sql.Identifier(_USER), password)
                )
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(_DATABASE), sql.Identifier(_USER))
                )

    def settings(self) -> dict[str, str]:
        """As the account of the E-Akte."""
        return {
            "EAKTE_DATABASE_URL": f"postgresql+psycopg://{_USER}@{self.endpoint}/{_DATABASE}",
            "EAKTE_DATABASE_PASSWORD_FILE": str(self.secret("database-password")),
        }

    def admin(self) -> psycopg.Connection:
        """A connection of the superuser; each statement commits by itself. Raises psycopg.Error."""
        return psycopg.connect(
            host=self.host, port=self.port, user=_ADMIN, dbname=_ADMIN, autocommit=True, connect_timeout=5,
            password=self.secret("database-admin-password").read_text(),
        )  # fmt: skip

    @property
    def _cluster(self) -> Path:
        return self.data / "cluster"


def programs_folder(*, install: bool = False) -> Path:
    """The folder with `postgres`, `initdb` and `pg_dump`; Debian keeps them apart by version and off the PATH.

    Raises NotInstalled.
    """
    versions = [path for path in Path("/usr/lib/postgresql").glob("*") if path.name.isdigit()]
    newest_first = sorted((path for path in versions if int(path.name) >= _OLDEST), key=lambda path: -int(path.name))
    found = system_program(["initdb"], [path / "bin" for path in newest_first], "postgresql", install=install)
    require_version(found, _OLDEST)
    return found.resolve().parent
