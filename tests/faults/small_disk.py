"""A file system of its own for the storage, so small that it can be filled."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eakte.services.folders import throw_away

MEGABYTES = 256


class NoDisk(Exception):
    """This machine does not let us mount a file system; the text says why."""


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """Mounted at `folder`."""

    folder: Path

    def fill(self) -> None:
        """Take all that is free."""
        free = shutil.disk_usage(self.folder).free
        with self._ballast.open("wb", buffering=0) as file:
            os.posix_fallocate(file.fileno(), 0, free - 64 * 1024)
            try:
                while True:
                    file.seek(0, os.SEEK_END)
                    file.write(b"\0" * 4096)
            except OSError:
                return

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink()

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@contextmanager
def small_disk() -> Iterator[SmallDisk]:
    """An ext4 file system on a loop device, unmounted afterwards. Raises NoDisk."""
    if os.geteuid() != 0:
        raise NoDisk("mounting a file system needs root")
    with throw_away() as folder:
        image, place = folder / "image", folder / "disk"
        place.mkdir(mode=0o711)
        with image.open("wb") as file:
            file.truncate(MEGABYTES * 1024 * 1024)
        _run("mkfs.ext4", "-q", "-m", "0", str(image))
        _run("mount", "-o", "loop", str(image), str(place))
        try:
            place.chmod(0o711)
            yield SmallDisk(place)
        finally:
            _run("umount", "--lazy", str(place))


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise NoDisk(f"{command[0]} is not installed") from error
    if done.returncode:
        raise NoDisk(f"{' '.join(command)}: {done.stderr.strip()}")
