"""Errors of the Postkorb.

InboxError
├── ItemChanged   409  somebody else acted on the item meanwhile
└── NotUndoable   409  the act cannot be taken back any more
"""

from __future__ import annotations

from core.errors import Conflict


class ItemChanged(Conflict):
    """Stale version: nothing was done."""

    def __init__(self) -> None:
        super().__init__(
            "Das Schreiben hat inzwischen jemand anderes bearbeitet. Ihre Eingabe wurde nicht übernommen.",
            "Somebody else has worked on this item meanwhile. Nothing was changed.",
            code="stale",
        )


class NotUndoable(Conflict):
    """Somebody acted on it, or it was taken back already."""

    def __init__(self) -> None:
        super().__init__(
            "Das lässt sich nicht mehr zurücknehmen: Inzwischen wurde weitergearbeitet.",
            "This cannot be taken back any more.",
            code="not_undoable",
        )
