"""Identifiers. UUIDv7 sort roughly by time of making; their order is no commit order and proves nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562)."""
    return uuid_utils.compat.uuid7()


def derived_id(base: UUID, number: int) -> UUID:
    """The id of part `number` (below 65,536) of what `base` names: the same each time, in order, at the time of `base`."""
    found = int.from_bytes(hashlib.sha256(base.bytes + number.to_bytes(2)).digest()[:8])
    middle = 7 << 12 | number >> 4
    last = 0b10 << 62 | (number & 0xF) << 58 | found & (1 << 58) - 1
    return UUID(int=base.int >> 80 << 80 | middle << 64 | last)


def parse_id(text: str) -> UUID | None:
    """The id that `text` spells, or None: callers answer "not found", never a stack trace."""
    try:
        return UUID(text)
    except ValueError:
        return None


def first_id_at(instant: datetime) -> UUID:
    """The lowest UUIDv7 of that millisecond: what was made since then lies above it, found by the primary key."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)
