"""How much is stored, counted a step at a time: true after each round, a fair estimate before the first has ended."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from api import stored
from api.metrics import Metrics
from api.stored import Stored
from archive.blobs import claims
from archive.blobs.port import StoredBlob
from archive.models import Blob
from core.clock import SetClock
from core.database import Database
from core.ids import new_id
from tests.databases import settings_at
from tests.support import NOON, make_database

MANY = 400


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = make_database(tmp_path, SetClock(NOON))
    yield database
    database.dispose()


def claimed(database: Database, first: int, count: int, size: int = 10) -> None:
    """So many blobs with an owner."""
    blobs = [
        StoredBlob(hashlib.sha256(str(number).encode()).hexdigest(), size) for number in range(first, first + count)
    ]
    with database.write() as tx:
        claims.claim(tx, claims.DOCUMENT, new_id(), {f"r{number}": blob for number, blob in enumerate(blobs)})


def asked(database: Database, counting: Stored) -> dict[str, tuple[int, int]]:
    with database.read() as session:
        return {state: (round(objects), round(size)) for state, (objects, size) in counting.count(session).items()}


def test_what_has_an_owner_is_kept_and_what_lost_it_is_released_until_it_is_gone(database: Database) -> None:
    counting, owner = Stored(), new_id()
    assert asked(database, counting) == {"kept": (0, 0), "released": (0, 0)}
    claimed(database, 0, 3)
    with database.write() as tx:
        claims.claim(tx, claims.DOCUMENT, owner, {"rendition": StoredBlob("f" * 64, 70)})
    assert asked(database, counting) == {"kept": (4, 100), "released": (0, 0)}
    with database.write() as tx:
        claims.release(tx, claims.DOCUMENT, owner)
    assert asked(database, counting) == {"kept": (3, 30), "released": (1, 70)}
    with database.write() as tx:
        tx.session.get_one(Blob, "f" * 64).removed_at = NOON + timedelta(days=1)
    assert asked(database, counting) == {"kept": (3, 30), "released": (0, 0)}


def test_a_large_store_is_counted_over_many_answers(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "STEP", 50)
    monkeypatch.setattr(stored, "SECONDS", 0.0)
    claimed(database, 0, MANY)
    counting = Stored()
    estimates = [asked(database, counting)["kept"] for _ in range(MANY // 50)]
    assert all(
        MANY / 2 < objects < MANY * 2 and size == pytest.approx(10 * objects, abs=10) for objects, size in estimates
    )
    assert asked(database, counting)["kept"] == (MANY, 10 * MANY), "the round has ended"
    claimed(database, MANY, 20)
    told = [asked(database, counting)["kept"][0] for _ in range(MANY // 50 + 2)]
    assert set(told) == {MANY, MANY + 20}, "between rounds the last one stands"
    assert told == sorted(told)


def test_an_answer_reads_no_more_than_a_step_once_its_time_is_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "STEP", 50)
    claimed(database, 0, MANY)
    asks: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: asks.append(told[2]))
    for seconds, most in ((0.0, 1), (3600.0, MANY // 50 + 1)):
        monkeypatch.setattr(stored, "SECONDS", seconds)
        asks.clear()
        asked(database, Stored())
        assert len([one for one in asks if "blob" in one]) == most


def test_the_figures_stand_in_the_exposition(database: Database, tmp_path: Path) -> None:
    claimed(database, 0, 3)
    text = Metrics(database, settings_at(tmp_path)).text().decode()
    assert 'eakte_stored_objects{state="kept"} 3.0' in text
    assert 'eakte_stored_bytes{state="kept"} 30.0' in text
    assert 'eakte_stored_bytes{state="released"} 0.0' in text
