"""A step that dies: the real one, in a real child, killed between two of its transactions or inside one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.database import RECORDS, Database, Transaction
from eakte import steps
from ingest import portions


def perform_and_die(
    request: dict[str, Any], commits: int, *, inside: bool = False, portion: int = portions.PORTION
) -> dict[str, Any]:
    """Do the leased job and be killed right after so many commits about records, or inside the transaction after them.
    `portion`: pages that one transaction is about.
    """
    write, left = Database.write, commits
    portions.PORTION = portion  # type: ignore[misc]  # in this child alone, which ends here

    @contextmanager
    def deadly(database: Database, lane: str | None = RECORDS) -> Iterator[Transaction]:
        nonlocal left
        with write(database, lane) as tx:
            yield tx
            if left == 0 and inside:
                tx.session.flush()
                os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        if left == 0 and not inside:
            os.kill(os.getpid(), signal.SIGKILL)

    Database.write = deadly  # type: ignore[method-assign]
    return steps.perform(request)
