"""Asks a child for pages of a rendition: a foreign PDF may hang, crash or grow, and must not take the export with it."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from archive.blobs.port import BlobStore
from core.errors import Unavailable
from core.isolation import Child, Finished, KilledFromOutside, Limits

LIMITS: Final = Limits(memory_mb=1024, wall_seconds=120)
_TARGET: Final = "retention.export.excerpt:write_excerpt"
_log = logging.getLogger(__name__)


class Excerpts:
    """One child for all excerpts of an export; one that ended badly is replaced. Ends with the context."""

    def __init__(self, store: BlobStore, work: Path) -> None:
        self._store, self._work = store, work
        self._child = Child(LIMITS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.stop()

    def pages(self, sha256: str, numbers: Sequence[int]) -> bytes | None:
        """A PDF/A-2b of these pages; None when the file does not let them be taken out.

        Raises BlobMissing, and Unavailable when somebody ended the child: that says nothing of the file.
        """
        if not self._child.alive:
            self._child.stop()
            self._child = Child(LIMITS)
        with (
            self._store.local_copy(sha256) as path,
            tempfile.NamedTemporaryFile(dir=self._work, prefix="excerpt-") as out,
        ):
            arguments = {"path": str(path), "numbers": list(numbers), "out": out.name}
            outcome = self._child.call(_TARGET, arguments)
            if isinstance(outcome, Finished):
                return Path(out.name).read_bytes()
        if isinstance(outcome, KilledFromOutside):
            raise Unavailable("Der Export wurde unterbrochen. Bitte noch einmal versuchen.", "the child was ended")
        _log.warning("no excerpt of blob %s: %s", sha256, type(outcome).__name__)
        return None
