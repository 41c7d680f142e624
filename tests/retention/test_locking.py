"""Locks at the real servers: renewed, fixed, held, shared; and disposal, which alone goes past them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from archive.blobs import claims
from archive.blobs.local import LocalBlobStore
from archive.blobs.port import BlobLocked, Lock, StoredBlob
from archive.models import Blob, CaseFile
from core.clock import agency_date
from core.errors import Unavailable
from retention import holding
from retention.disposal import execute
from retention.errors import NotFinished
from retention.locking import renew_locks
from retention.locks import ROLLING, WAY_IN
from tests.archive.stores import SERVERS, Bench, own_bucket, s3_bench, server
from tests.retention.test_disposal import prepare, states
from tests.retention.world import World, add_case, add_letter


@pytest.fixture(params=SERVERS)
def bench(request: pytest.FixtureRequest, world: World) -> Bench:
    """The world with its bytes on a server; its clock shows the server's day, for locks are the server's."""
    made = s3_bench(request.param, own_bucket(server(request, request.param)), world.home / "work")
    world.blobs, world.disposal = made.store, made.disposal
    world.clock.instant = datetime.now(UTC)
    return made


def days_locked(world: World, sha256: str) -> int:
    until = world.blobs.locked(sha256).until
    return 0 if until is None else (agency_date(until) - agency_date(world.clock.instant)).days


def renew(world: World) -> None:
    while renew_locks(world.database, world.blobs):
        pass


def move_end(world: World, case: UUID, closed_on: date | None) -> None:
    """Close or reopen by hand, as if long ago."""
    with world.database.write() as tx:
        row = tx.session.get_one(CaseFile, case)
        row.closed_on, row.state = closed_on, "closed" if closed_on else "open"
        claims.look_at_locks_of_case(tx, case)


def test_an_open_case_is_locked_by_a_rolling_period_and_a_closed_one_to_its_end(world: World, bench: Bench) -> None:
    case = add_case(world, "99801BG0000001", closed_on=None)
    master, batch, *_ = add_letter(world, case).blobs
    renew(world)
    assert days_locked(world, master) == ROLLING.days + 1
    assert days_locked(world, batch) == 0, "the batch has done its work"
    with pytest.raises(BlobLocked):
        world.blobs.unlink(master)
    world.later(days=100)
    renew(world)
    assert days_locked(world, master) == ROLLING.days + 1, "not renewed in time"
    move_end(world, case, agency_date(world.clock.instant))
    renew(world)
    end = world.blobs.locked(master).until
    assert end is not None
    assert (end.month, end.day, end.year - agency_date(world.clock.instant).year) == (1, 1, 11)
    assert bench.names() >= {master, batch}


def test_a_hold_is_the_servers_too_until_it_is_released(world: World, bench: Bench) -> None:
    master = add_letter(world, add_case(world, "99801BG0000001")).blobs[0]
    renew(world)
    assert world.blobs.locked(master) == Lock(None, hold=False)
    with world.database.write() as tx:
        holding.set_hold(tx, world.actor("anna"), "99801BG0000001", "FORDERUNG")
    renew(world)
    assert world.blobs.locked(master).hold
    with pytest.raises(BlobLocked):
        world.blobs.unlink(master)
    with world.database.write() as tx:
        holding.release_hold(tx, world.actor("rita"), "99801BG0000001", "FORDERUNG")
    renew(world)
    assert not world.blobs.locked(master).hold


def test_shared_bytes_keep_the_longest(world: World, bench: Bench) -> None:
    letter = add_letter(world, add_case(world, "99801BG0000001"))
    other = add_letter(world, add_case(world, "99801BG0000002", closed_on=None))
    with world.database.write() as tx:
        row = tx.session.get_one(Blob, letter.blobs[0])
        claims.claim(tx, claims.DOCUMENT, other.document, {"twin": StoredBlob(row.sha256, row.size)})
    renew(world)
    assert days_locked(world, letter.blobs[0]) == ROLLING.days + 1
    assert days_locked(world, letter.blobs[2]) == 0
    assert letter.blobs[0] in bench.names()


def test_what_is_on_its_way_is_locked_for_some_days(world: World, bench: Bench) -> None:
    letter = add_letter(world, state="clearing")
    renew(world)
    assert days_locked(world, letter.blobs[0]) == WAY_IN.days + 1
    assert bench.store.locks


def test_disposal_goes_past_locks_and_removes_every_version(world: World, bench: Bench) -> None:
    case = add_case(world, "99801BG0000001", closed_on=None)
    letter = add_letter(world, case)
    bench.damage(letter.blobs[0], b"an older version lies below")
    world.blobs.put_bytes(b"of another case")
    renew(world)
    move_end(world, case, date(2010, 5, 5))
    prepare(world)
    world.disposal = None
    with pytest.raises(NotFinished) as refused:
        execute(world.stores, world.actor("rita"), "L1")
    assert f"blobs:bytes:{letter.blobs[0]}" in refused.value.traces
    claims.unlink_released(world.database, world.blobs, timedelta(0))
    assert set(letter.blobs) & bench.names(), "the everyday identity went past a lock"
    world.disposal = bench.disposal
    assert states(execute(world.stores, world.actor("rita"), "L1")) == ["destroyed"]
    assert not set(letter.blobs) & bench.names()
    assert len(bench.names()) == 1


class Silent(LocalBlobStore):
    """A store with locks that stops answering after the first."""

    locks = True
    asked = 0

    def lock(self, sha256: str, lock: Lock) -> None:
        self.asked += 1
        if self.asked > 1:
            raise Unavailable("Der Speicher antwortet nicht.", "silent")
        super().lock(sha256, lock)


def test_a_silent_store_costs_nothing_but_time(world: World) -> None:
    silent = Silent(world.home / "blobs", world.home / "work")
    world.blobs = silent
    add_letter(world, add_case(world, "99801BG0000001", closed_on=None))
    with pytest.raises(Unavailable):
        renew_locks(world.database, world.blobs)
    silent.asked = -10
    renew(world)
    with world.database.read() as session:
        rows = session.scalars(select(Blob)).all()
    assert sum(row.locked_until is not None for row in rows) == 4
    assert all(row.lock_due_at is not None for row in rows)
