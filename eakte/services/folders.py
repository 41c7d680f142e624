"""Folders of throw-away servers: one launcher each, swept when a launcher was killed and could not tidy up."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import ConfigurationError

_PREFIX = "eakte-services-"
_YOUNG_SECONDS = 60.0


@contextmanager
def throw_away() -> Iterator[Path]:
    """A new folder below the system's place for temporary files; gone afterwards."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with kept(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def kept(folder: Path) -> Iterator[Path]:
    """The folder, made when absent, for this process alone. Raises ConfigurationError when another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # the servers' user may pass, not look
    with (folder / "lock").open("a") as file:
        if not _lock(file.fileno()):
            raise ConfigurationError(
                f"Auf dem Ordner {folder} laufen schon Server eines anderen Starts.",
                f"Another launcher's servers run in {folder}.",
            )
        yield folder


def _sweep() -> None:
    """Remove what killed launchers left; a folder just made may not be locked yet."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            facts = folder.stat()
            if facts.st_uid != os.geteuid() or time.time() - facts.st_mtime < _YOUNG_SECONDS:
                continue
            with (folder / "lock").open("a") as file:
                if _lock(file.fileno()):
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # another launcher sweeps too


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
