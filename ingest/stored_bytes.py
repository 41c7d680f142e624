"""Stored bytes held against the rows that name them, page by page, while both change.

Each page is one short read transaction; what looks wrong is looked at again in a fresh one before it is told. Bytes are
stored before they are claimed and removed only after their last claim. So what is claimed before and after a look that
does not find it is missing; and what is older than the grace time, still there, and still unknown to every row, is an
orphan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, islice, takewhile
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from archive.blobs.port import BlobMissing, BlobStore
from archive.models import Blob, BlobClaim, ContentFile, Page
from core.database import Database
from ingest.models import ItemPage, MailItem, Receipt

PAGE: Final = 500
_FIRST: Final = UUID(int=0)
_ALWAYS: Final = true()


@dataclass(frozen=True, slots=True)
class _Named:
    """A column that names bytes, the key of its rows, and which rows still need them."""

    key: tuple[InstrumentedAttribute[Any], ...]
    column: InstrumentedAttribute[Any]
    first: tuple[Any, ...] = (_FIRST,)
    needed: ColumnElement[bool] = _ALWAYS


_NAMED: Final = (
    _Named((Receipt.id,), Receipt.sha256, needed=Receipt.blob_released_at.is_(None)),
    _Named((MailItem.id,), MailItem.master_sha256),
    _Named((ItemPage.mail_item_id, ItemPage.page_no), ItemPage.text_sha256, (_FIRST, 0)),
    _Named((ContentFile.id,), ContentFile.sha256),
    _Named((Page.id,), Page.text_sha256),
)


def missing_blobs(database: Database, store: BlobStore) -> Iterator[str]:
    """Addresses that a claim, a receipt, an item, a content file or a page needs and the store does not hold, once each."""
    told: set[str] = set()
    named = (_missing_named(database, store, one) for one in _NAMED)
    for address in chain(_missing_claimed(database, store), *named):
        if address not in told:
            told.add(address)
            yield address


def orphan_blobs(database: Database, store: BlobStore, grace: float) -> Iterator[str]:
    """Stored bytes that nobody claims and that are older than the grace time."""
    listed = store.all()
    while page := list(islice(listed, PAGE)):
        for address in unknown(database, page, grace):
            if not _known(database, address) and store.exists(address):
                yield address


def unknown(database: Database, listed: Sequence[tuple[str, float]], grace: float) -> list[str]:
    """Which of these stored addresses are older than the grace time and known to no row at the moment."""
    oldest = (database.clock.now() - timedelta(seconds=grace)).timestamp()
    old = [address for address, modified in listed if modified < oldest]
    with database.read() as session:
        claimed = set(session.scalars(select(BlobClaim.sha256).where(BlobClaim.sha256.in_(old))))
        leaving = Blob.tombstoned_at.is_not(None) & Blob.removed_at.is_(None)
        waiting = set(session.scalars(select(Blob.sha256).where(Blob.sha256.in_(old), leaving)))
    return [address for address in old if address not in claimed and address not in waiting]


def known_to_a_row(session: Session, sha256: str) -> bool:
    """Whether somebody claims the bytes, or their removal is already under way."""
    claimed = exists().where(BlobClaim.sha256 == sha256)
    leaving = Blob.tombstoned_at.is_not(None), Blob.removed_at.is_(None)
    waiting = exists().where(Blob.sha256 == sha256, *leaving)
    return bool(session.scalar(select(or_(claimed, waiting))))


@dataclass(frozen=True, slots=True)
class Examined:
    """A page of the bytes that rows know: how many, which are changed, which nobody claims any more."""

    count: int
    damaged: Sequence[str]
    unclaimed: Sequence[str]


def examine_blobs(database: Database, store: BlobStore, *, rehash: bool) -> Iterator[Examined]:
    """Every known blob by pages: are its bytes what its name says (`rehash`), does anybody claim it. Missing bytes are
    not told here.
    """
    after = ""
    alive = select(Blob.sha256, exists().where(BlobClaim.sha256 == Blob.sha256)).where(Blob.tombstoned_at.is_(None))
    while page := _rows(database, alive.where(Blob.sha256 > after).order_by(Blob.sha256).limit(PAGE)):
        damaged = [sha for sha, _ in page if rehash and _damaged(database, store, sha)]
        yield Examined(len(page), damaged, [sha for sha, claimed in page if not claimed])
        after = page[-1][0]


def count_blobs(database: Database) -> int:
    """How many blobs `examine_blobs` will look at, about."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Blob).where(Blob.tombstoned_at.is_(None))) or 0


def _missing_claimed(database: Database, store: BlobStore) -> Iterator[str]:
    after = ""
    claims = select(BlobClaim.sha256).distinct().order_by(BlobClaim.sha256).limit(PAGE)
    while page := [sha for (sha,) in _rows(database, claims.where(BlobClaim.sha256 > after))]:
        stored = _stored_between(store, after, page[-1])
        for sha in page:
            if sha not in stored and not store.exists(sha) and _claimed(database, [sha]):
                yield sha
        after = page[-1]


def _missing_named(database: Database, store: BlobStore, named: _Named) -> Iterator[str]:
    """Bytes that a row names without any claim, and that are not there: two things went wrong, and neither hides it."""
    after = named.first
    key = tuple_(*named.key)
    rows = select(*named.key, named.column).where(named.column.is_not(None), named.needed)
    while page := _rows(database, rows.where(key > after).order_by(*named.key).limit(PAGE)):
        claimed = _claimed(database, [sha for *_, sha in page])
        for *where, sha in page:
            again = rows.where(key == tuple(where), named.column == sha)
            if sha not in claimed and not store.exists(sha) and _rows(database, again):
                yield sha
        after = tuple(page[-1][:-1])


def _damaged(database: Database, store: BlobStore, sha256: str) -> bool:
    """Bytes that do not hash to their name, twice, and that are still wanted in between."""
    return _changed(store, sha256) and _alive(database, sha256) and _changed(store, sha256)


def _changed(store: BlobStore, sha256: str) -> bool:
    try:
        return not store.verify(sha256)
    except BlobMissing:
        return False


def _alive(database: Database, sha256: str) -> bool:
    return bool(_rows(database, select(Blob.sha256).where(Blob.sha256 == sha256, Blob.tombstoned_at.is_(None))))


def _known(database: Database, sha256: str) -> bool:
    with database.read() as session:
        return known_to_a_row(session, sha256)


def _claimed(database: Database, addresses: Sequence[str]) -> set[str]:
    return {sha for (sha,) in _rows(database, select(BlobClaim.sha256).where(BlobClaim.sha256.in_(addresses)))}


def _stored_between(store: BlobStore, after: str, last: str) -> set[str]:
    return set(takewhile(lambda address: address <= last, (address for address, _ in store.all(after))))


def _rows(database: Database, query: Any) -> Sequence[Any]:
    with database.read() as session:
        return session.execute(query).all()
