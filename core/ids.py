"""Identifiers. UUIDv7 sort roughly by time of making; their order is no commit order and proves nothing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562)."""
    return uuid_utils.compat.uuid7()


def parse_id(text: str) -> UUID | None:
    """The id that `text` spells, or None: callers answer "not found", never a stack trace."""
    try:
        return UUID(text)
    except ValueError:
        return None


def first_id_at(instant: datetime) -> UUID:
    """The lowest UUIDv7 of that millisecond: what was made since then lies above it, found by the primary key."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)
