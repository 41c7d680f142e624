"""Clocks that jump: libfaketime in front of a process's real-time clock. The monotonic one stays, as in a real jump."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eakte.services.folders import throw_away
from eakte.services.postgres import Postgres


class NoFaketime(Exception):
    """libfaketime is not on this machine; the text says how to get it."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Two clocks: of our processes and of PostgreSQL, each read again by its processes within a second."""

    folder: Path
    library: Path

    def environment(self, whose: str) -> dict[str, str]:
        """What a process of `whose` is started with."""
        return {
            "LD_PRELOAD": str(self.library), "FAKETIME_TIMESTAMP_FILE": str(self.folder / whose),
            "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip

    def set(self, whose: str, seconds: int) -> None:
        """`whose` clock goes so many seconds ahead of (or behind) the true one."""
        half = self.folder / f".{whose}"
        half.write_text(f"{seconds:+d}\n")
        half.chmod(0o644)
        half.rename(self.folder / whose)


class ClockedPostgres(Postgres):
    """PostgreSQL on a clock that can be set."""

    clocks: Clocks

    def command(self) -> Sequence[str]:
        """Only the server itself, when it is the ordinary user already: the library shares memory between processes."""
        told = [f"{name}={value}" for name, value in self.clocks.environment("postgres").items()]
        return ["/usr/bin/env", *told, *super().command()]


@contextmanager
def clocks() -> Iterator[Clocks]:
    """Clocks that are right at first. Raises NoFaketime."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise NoFaketime("libfaketime is not installed: apt-get install faketime")
    with throw_away() as folder:
        made = Clocks(folder, found[0])
        for whose in ("processes", "postgres"):
            made.set(whose, 0)
        yield made
