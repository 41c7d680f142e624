"""The real servers for a measurement, and a fresh place on them for each installation."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from core.settings import Settings
from eakte.services.catalogue import STACK
from eakte.services.errors import NotStarted
from eakte.services.folders import throw_away
from eakte.services.launcher import Launcher

_REDIS_DATABASES = 60


@dataclass(frozen=True, slots=True)
class Servers:
    """Running servers: the settings that lead to them, and their process ids by name."""

    settings: Mapping[str, str]
    processes: Mapping[str, int]

    def fresh(self, number: int) -> dict[str, str]:
        """Settings for an installation of its own: empty database, bucket, index and broker that nobody else uses."""
        name = f"bench_{number}_{secrets.token_hex(3)}"
        address, _, database = self.settings["EAKTE_DATABASE_URL"].rpartition("/")
        password = Path(self.settings["EAKTE_DATABASE_PASSWORD_FILE"]).read_text().strip()
        plain = f"{address.replace('+psycopg', '')}/{database}"
        with psycopg.connect(plain, password=password, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        broker, _, _ = self.settings["EAKTE_BROKER_URL"].rpartition("/")
        return {
            **self.settings,
            "EAKTE_DATABASE_URL": f"{address}/{name}",
            "EAKTE_S3_BUCKET": name.replace("_", "-"),
            "EAKTE_OPENSEARCH_INDEX": name.replace("_", ""),
            "EAKTE_BROKER_URL": f"{broker}/{number % _REDIS_DATABASES + 1}",
        }


@contextmanager
def real_servers() -> Iterator[Servers]:
    """PostgreSQL, MinIO, OpenSearch and Redis as throw-away processes. Raises NotInstalled, NotStarted."""
    with throw_away() as folder:
        launcher = Launcher(STACK, folder, Settings().services_cache_folder, short_lived=False)
        with launcher.running(lambda text: print(text, file=sys.stderr)) as ready:
            if not ready:
                raise NotStarted("Abgebrochen.", "Stopped by a signal.")
            yield Servers(launcher.settings(), launcher.processes())
