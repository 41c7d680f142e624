"""A Redis of the tests' own: started, killed, emptied, filled; the password stands in files only."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import redis

from tests.ingest.door import free_port


def redis_program() -> str | None:
    """The server's program, when there is one."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


class Broker:
    """One server that can be taken away and given back on the same port."""

    def __init__(self, folder: Path, password: str = "kein-geheimnis") -> None:
        self.folder, self.port, self.password = folder, free_port(), password
        folder.mkdir(parents=True, exist_ok=True)
        self.password_file = folder / "password"
        self.password_file.write_text(password)
        self.password_file.chmod(0o600)
        self._configuration = folder / "redis.conf"
        self._configuration.write_text(
            f'bind 127.0.0.1\nport {self.port}\ndir {folder}\nsave ""\nappendonly no\n'
            f"maxmemory-policy noeviction\nrequirepass {password}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a process that uses it."""
        return {
            "EAKTE_BROKER_URL": f"redis://127.0.0.1:{self.port}/0",
            "EAKTE_BROKER_PASSWORD_FILE": str(self.password_file),
        }

    def start(self) -> Broker:
        """Start and wait until it answers."""
        program = redis_program()
        assert program is not None
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([program, str(self._configuration)], stdout=log, stderr=log)
        until = time.monotonic() + 200
        while True:
            try:
                self.client().ping()
            except redis.RedisError:
                assert time.monotonic() < until, "redis did not come up"
                time.sleep(0.05)
            else:
                return self

    def kill(self) -> None:
        """SIGKILL; everything it knew is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self) -> redis.Redis:
        """A client of its own."""
        return redis.Redis("127.0.0.1", self.port, password=self.password, socket_timeout=60)
