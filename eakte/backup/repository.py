"""A backup repository: a folder of encrypted bytes by hash and of snapshots that name them. Everything in it is write-once.

    blobs/ab/<sha256>.age     bytes, encrypted, shared by all snapshots: the next backup copies only what is new
    snapshots/<time>/         manifest.json, tables.jsonl.gz.age, files.tar.age, blobs.txt

A snapshot appears by one rename, after everything in it and every blob it names is on disk.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError

FORMAT = 1
TABLES, FILES, BLOBS, MANIFEST = "tables.jsonl.gz.age", "files.tar.age", "blobs.txt", "manifest.json"
ANCHORS = "anchors/audit.jsonl"  # within FILES
_NAME = "%Y%m%dT%H%M%S.%fZ"


class Repository:
    """The folder `root`; made when absent."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Make the folders and remove what a killed backup began."""
        for folder in ("blobs", "snapshots"):
            (self.root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in (self.root / "snapshots").glob(".new-*"):
            shutil.rmtree(left)
        for part in (self.root / "blobs").glob("*/*.part"):
            part.unlink()

    def blob(self, sha256: str) -> Path:
        """Where the encrypted bytes of this hash lie."""
        return self.root / "blobs" / sha256[:2] / f"{sha256}.age"

    def begin(self, at: datetime) -> Path:
        """A folder for a snapshot that nobody sees yet."""
        folder = self.root / "snapshots" / f".new-{at.astimezone(UTC).strftime(_NAME)}"
        folder.mkdir(mode=0o700)
        return folder

    def finish(self, folder: Path) -> str:
        """Everything to disk, then the snapshot appears; returns its name."""
        os.sync()
        name = folder.name.removeprefix(".new-")
        folder.rename(folder.with_name(name))
        os.sync()
        return name

    def names(self) -> list[str]:
        """The snapshots, oldest first."""
        return sorted(path.parent.name for path in (self.root / "snapshots").glob(f"[0-9]*/{MANIFEST}"))

    def snapshot(self, name: str | None) -> Snapshot:
        """The named snapshot, or the newest. Raises ConfigurationError when there is none."""
        names = self.names()
        if not names or (name is not None and name not in names):
            raise ConfigurationError(
                f"In {self.root} gibt es diese Sicherung nicht. `eakte backup list` zeigt, was da ist.",
                "no such snapshot",
            )
        return Snapshot(self.root / "snapshots" / (name or names[-1]))

    def prune(self, keep: int) -> tuple[int, int]:
        """Remove all but the newest `keep` snapshots and the bytes only they named; how many of each."""
        doomed = self.names()[:-keep]
        for name in doomed:
            shutil.rmtree(self.root / "snapshots" / name)
        kept = {sha for name in self.names() for sha in self.snapshot(name).blobs()}
        loose = [path for path in (self.root / "blobs").glob("*/*.age") if path.stem not in kept]
        for path in loose:
            path.unlink()
        return len(doomed), len(loose)


class Snapshot:
    """One finished backup."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name

    def manifest(self) -> dict[str, Any]:
        """What the backup says of itself. Raises ConfigurationError for another format."""
        found: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text("utf-8"))
        if found.get("format") != FORMAT:
            raise ConfigurationError(
                "Diese Sicherung hat ein anderes Format. Bitte die Version nehmen, die sie gemacht hat.",
                "unknown backup format",
            )
        return found

    def blobs(self) -> Iterator[str]:
        """The hashes of the bytes that belong to it."""
        with (self.folder / BLOBS).open(encoding="ascii") as file:
            for line in file:
                yield line.strip()
