"""Heads of the audit chain outside the database: the port, and the file of an installation on one host (ADR 0021).

A head is what `core.audit.sealing.anchored_head` makes of a block: `block_no`, `last_no`, `hash`, `sealed_at`.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

Head = dict[str, Any]
_TAIL_BYTES = 16 * 1024


class Anchors(Protocol):
    """One place for all hosts of an installation. Raises Unavailable when the place does not answer."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep other sealers out, where the place can do that; correctness does not hang on it."""
        ...

    def has(self, block_no: int) -> bool:
        """Whether a head of that block is here; asked for the newest blocks only, and cheap however many there are."""
        ...

    def append(self, heads: Sequence[Head]) -> None:
        """Keep these too; durable when it returns. Nothing that is here changes."""
        ...

    def all(self) -> list[Head]:
        """Every head, the oldest first."""
        ...


class AnchorFile:
    """A line of JSON for each head. Made, with its folder, by the first head."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See Anchors: one sealer at a time on this machine, also beside the worker's."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
            yield

    def has(self, block_no: int) -> bool:
        """See Anchors. Reads the end of the file: some dozens of heads."""
        return any(head["block_no"] == block_no for head in read_heads(self._tail()))

    def append(self, heads: Sequence[Head]) -> None:
        """See Anchors. A half-written line (power cut) stays one of its own."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        end = self._tail()
        torn = bool(end) and not end.endswith(b"\n")
        with self.path.open("ab") as file:
            file.write((b"\n" if torn else b"") + write_heads(heads))
            file.flush()
            os.fsync(file.fileno())

    def all(self) -> list[Head]:
        """See Anchors; what is no head is left out."""
        return read_heads(self.path.read_bytes()) if self.path.exists() else []

    def _tail(self) -> bytes:
        if not self.path.exists():
            return b""
        with self.path.open("rb") as file:
            file.seek(max(0, self.path.stat().st_size - _TAIL_BYTES))
            return file.read()


def add_missing(anchors: Anchors, heads: Sequence[Head]) -> int:
    """Append those of the heads that are not there; returns how many. Idempotent."""
    known = anchors.all()
    missing = [head for head in heads if head not in known]
    if missing:
        anchors.append(missing)
    return len(missing)


def write_heads(heads: Sequence[Head]) -> bytes:
    """The heads as lines, as they lie in the file and in a backup."""
    return "".join(json.dumps(head) + "\n" for head in heads).encode()


def read_heads(lines: bytes) -> list[Head]:
    """The heads among these lines; what is no head (a half-written line after a power cut) is left out."""
    heads = []
    for line in lines.decode("utf-8", errors="replace").splitlines():
        try:
            head = json.loads(line)
            heads.append({**head, "block_no": int(head["block_no"]), "last_no": int(head["last_no"])})
        except (ValueError, TypeError, KeyError):
            continue
    return heads
