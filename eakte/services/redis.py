"""Redis (or Valkey): what it accepted survives a kill (append-only file)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import redis

from eakte.services.errors import NotReady
from eakte.services.install import require_version, system_program
from eakte.services.process import Server

DATABASES = 64
_OLDEST = 7


class Redis(Server):
    """Asks for a password; 64 databases, so that tests needn't share one."""

    name: ClassVar[str] = "redis"

    @classmethod
    def install(cls, _cache: Path, /) -> None:
        """From the distribution."""
        _program(install=True)

    def find(self, _cache: Path, /) -> None:
        """Any version from 7."""
        self._program = _program(install=False)

    def prepare(self) -> None:
        """The configuration is written at each start: the port may be another one."""

    def command(self) -> Sequence[str]:
        """The password stands in the configuration file, not among the arguments."""
        lines = [
            f"bind {self.host}", f"port {self.port}", f"dir {self.data}", f"databases {DATABASES}", 'save ""',
            "appendonly yes", "maxmemory-policy noeviction", f"requirepass {self._password()}",
        ]  # fmt: skip
        return [str(self._program), str(self.write("redis.conf", "\n".join(lines) + "\n"))]

    def check(self) -> None:
        """An answer that is not "still loading"."""
        client = redis.Redis(self.host, self.port, password=self._password(), socket_timeout=5)
        try:
            client.ping()
        except redis.RedisError as error:
            raise NotReady from error
        finally:
            client.close()

    def settings(self) -> dict[str, str]:
        """The broker."""
        return {
            "EAKTE_BROKER_URL": f"redis://{self.endpoint}/0",
            "EAKTE_BROKER_PASSWORD_FILE": str(self.secret("broker-password")),
        }

    def _password(self) -> str:
        return self.secret("broker-password").read_text()


def _program(*, install: bool) -> Path:
    found = system_program(["redis-server", "valkey-server"], [], "redis-server", install=install)
    require_version(found, _OLDEST)
    return found
