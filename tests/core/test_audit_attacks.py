"""Attacks on the chain as a whole: any byte, the anchors, the whole database, and a sealer that is killed."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.actor import system_actor
from core.audit import record_act
from core.audit.anchors import AnchorFile
from core.audit.sealing import renew_anchors, seal
from core.audit.verify import Verdict, verify
from core.clock import SetClock, SystemClock
from core.database import Database, open_sqlite
from core.errors import InvalidInput
from core.ids import new_id
from core.models import AuditEvent
from core.settings import Settings
from eakte.bootstrap import open_services
from eakte.duties import duties
from eakte.housekeeping import run_duty
from tests.databases import lift_triggers
from tests.support import NOON, make_agency, make_database, raw

pytestmark = pytest.mark.sqlite

BLOCKS, EACH = 4, 3


def write_chain(folder: Path, mark: str = "test") -> Database:
    """Four sealed blocks of three events each, and no triggers, as for an attacker with the file in hand."""
    database = make_database(folder)
    with database.write() as tx:
        agency = make_agency(tx)
    for block in range(BLOCKS):
        with database.write() as tx:
            for number in range(EACH):
                record_act(
                    tx, system_actor(agency), f"{mark}.{block}.{number}", "thing", new_id(), case_file_id=new_id(), n=1
                )
        seal(database, AnchorFile(folder / "anchors.jsonl"))
    with database.write() as tx:
        lift_triggers(tx.session)
    return database


def check(folder: Path, at: datetime = NOON) -> Verdict:
    database = open_sqlite(folder / "eakte.sqlite", SetClock(at))
    verdict = verify(database, AnchorFile(folder / "anchors.jsonl"))
    database.dispose()
    return verdict


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    write_chain(folder).dispose()
    return folder


@pytest.fixture
def copy(chain: Path, tmp_path: Path) -> Path:
    shutil.copytree(chain, tmp_path / "copy")
    return tmp_path / "copy"


def tamper(folder: Path, *statements: str) -> None:
    database = open_sqlite(folder / "eakte.sqlite")
    with database.write() as tx:
        for statement in statements:
            raw(tx.session, statement)
    database.dispose()


COLUMNS = [
    *(("audit_event", column) for column in (
        "id", "agency_id", "at", "category", "action", "actor_kind", "object_type", "object_id", "case_file_id",
        "details", "case_no", "leaf_hash",
    )),
    *(("audit_block", column) for column in (
        "first_no", "last_no", "merkle_root", "previous_hash", "block_hash", "sealed_at",
    )),
]  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    where=st.sampled_from(COLUMNS),
    block=st.integers(1, BLOCKS),
    place=st.integers(0, 40),
    byte=st.binary(min_size=1, max_size=1),
)
def test_any_changed_byte_is_named_in_its_block(
    chain: Path, where: tuple[str, str], block: int, place: int, byte: bytes
) -> None:
    table, column = where
    key = f"block_no={block}" if table == "audit_block" else f"chain_no={(block - 1) * EACH + 2}"
    folder = chain.parent / f"flip-{new_id()}"
    shutil.copytree(chain, folder)
    database = open_sqlite(folder / "eakte.sqlite")
    with database.write() as tx:
        cursor = tx.session.connection().exec_driver_sql(
            f"SELECT CAST({column} AS BLOB), typeof({column}) FROM {table} WHERE {key}"
        )
        old, kind = cursor.one()
        new = old[: (at := place % len(old))] + byte + old[at + 1 :]
        tx.session.connection().exec_driver_sql(
            f"UPDATE {table} SET {column}=" + ("?" if kind == "blob" else "CAST(? AS TEXT)") + f" WHERE {key}", (new,)
        )
    database.dispose()
    verdict = check(folder)
    shutil.rmtree(folder)
    if meaning(column, new) == meaning(column, old):
        assert verdict.ok
    else:
        assert not verdict.ok, (where, old, new)
        first, last = (block - 1) * EACH + 1, (block + 1) * EACH
        assert any(first <= problem.position <= last for problem in verdict.problems), verdict.problems


def meaning(column: str, stored: bytes) -> object:
    """Ids in capitals and other white space in JSON say the same: no event was changed by them."""
    try:
        if column == "details":
            return json.loads(stored)
        return UUID(stored.decode()) if column.endswith("id") else stored
    except ValueError:
        return stored


def test_a_cut_tail_is_named_by_the_anchors(copy: Path) -> None:
    tamper(copy, "DELETE FROM audit_event WHERE chain_no>9", "DELETE FROM audit_block WHERE block_no=4")
    assert [(p.position, p.kind) for p in check(copy).problems] == [(12, "cut_tail")]


def test_a_cut_tail_without_the_anchor_file_is_named_too(copy: Path) -> None:
    tamper(copy, "DELETE FROM audit_event WHERE chain_no>9", "DELETE FROM audit_block WHERE block_no=4")
    (copy / "anchors.jsonl").unlink()
    problems = [(p.position, p.kind) for p in check(copy).problems]
    assert problems == [(3, "anchor_missing"), (6, "anchor_missing")]
    later = [(p.position, p.kind) for p in check(copy, NOON + timedelta(hours=2)).problems]
    assert later == [*problems, (9, "anchor_missing")]  # the newest is on its way no more


def test_the_sealer_never_hides_a_lost_anchor(copy: Path) -> None:
    tamper(copy, "DELETE FROM audit_event WHERE chain_no>9", "DELETE FROM audit_block WHERE block_no=4")
    (copy / "anchors.jsonl").unlink()
    database = open_sqlite(copy / "eakte.sqlite")
    for _ in range(2):
        with database.write() as tx:
            record_act(tx, system_actor(make_agency(tx, str(new_id()))), "test.later", "thing", None)
        seal(database, AnchorFile(copy / "anchors.jsonl"))
    assert {p.kind for p in check(copy).problems} == {"anchor_missing"}


def test_a_person_renews_lost_anchors_and_the_chain_keeps_it(copy: Path) -> None:
    (copy / "anchors.jsonl").unlink()
    database = open_sqlite(copy / "eakte.sqlite")
    with database.write() as tx:
        actor = system_actor(make_agency(tx, "B"))
    with pytest.raises(InvalidInput):
        renew_anchors(database, AnchorFile(copy / "anchors.jsonl"), actor, " ")
    assert renew_anchors(database, AnchorFile(copy / "anchors.jsonl"), actor, "Sicherung eingespielt") == BLOCKS + 1
    assert check(copy).ok
    with database.read() as session:
        noted = session.scalars(select(AuditEvent.details).where(AuditEvent.action == "audit.anchors_renewed")).one()
    assert noted == {"reason": "Sicherung eingespielt"}


def test_a_line_taken_out_of_the_anchors_is_named(copy: Path) -> None:
    lines = (copy / "anchors.jsonl").read_text().splitlines(keepends=True)
    (copy / "anchors.jsonl").write_text("".join([*lines[:1], *lines[2:]]))
    assert [(p.position, p.kind) for p in check(copy).problems] == [(6, "anchor_missing")]


def test_the_sealer_never_repairs_a_gap_in_the_anchors(copy: Path) -> None:
    lines = (copy / "anchors.jsonl").read_text().splitlines(keepends=True)
    (copy / "anchors.jsonl").write_text("".join([*lines[:1], *lines[2:]]))
    database = open_sqlite(copy / "eakte.sqlite")
    for name in ("B", "C"):
        with database.write() as tx:
            record_act(tx, system_actor(make_agency(tx, name)), "test.later", "thing", None)
        assert seal(database, AnchorFile(copy / "anchors.jsonl")) == 1
    assert [head["block_no"] for head in AnchorFile(copy / "anchors.jsonl").all()] == [1, 3, 4, 5, 6]
    assert [(p.position, p.kind) for p in check(copy).problems] == [(6, "anchor_missing")]


def test_sealing_goes_on_after_a_gap_was_renewed(copy: Path) -> None:
    lines = (copy / "anchors.jsonl").read_text().splitlines(keepends=True)
    (copy / "anchors.jsonl").write_text("".join([*lines[:1], *lines[2:]]))
    database = open_sqlite(copy / "eakte.sqlite")
    with database.write() as tx:
        actor = system_actor(make_agency(tx, "B"))
    assert renew_anchors(database, AnchorFile(copy / "anchors.jsonl"), actor, "Zeile von Hand entfernt") == 2
    with database.write() as tx:
        record_act(tx, actor, "test.later", "thing", None)
    seal(database, AnchorFile(copy / "anchors.jsonl"))
    assert sorted(head["block_no"] for head in AnchorFile(copy / "anchors.jsonl").all()) == [1, 2, 3, 4, 5, 6]
    assert check(copy).ok


def test_sealing_reads_the_end_of_a_long_anchor_file_only(copy: Path) -> None:
    anchors = copy / "anchors.jsonl"
    heads = anchors.read_bytes()
    with anchors.open("wb") as file:
        file.seek(64 * 1024 * 1024)  # a hole: costs no disk
        file.write(b"\n" + heads)
    database = open_sqlite(copy / "eakte.sqlite")
    with database.write() as tx:
        record_act(tx, system_actor(make_agency(tx, "B")), "test.later", "thing", None)
    tracemalloc.start()
    assert seal(database, AnchorFile(anchors)) == 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024
    assert json.loads(anchors.read_bytes()[-400:].splitlines()[-1])["block_no"] == BLOCKS + 1


def test_an_older_copy_of_the_database_is_a_cut_tail(copy: Path, chain: Path) -> None:
    database = open_sqlite(copy / "eakte.sqlite")
    with database.write() as tx:
        record_act(tx, system_actor(make_agency(tx, "B")), "test.later", "thing", None)
    seal(database, AnchorFile(copy / "anchors.jsonl"))
    database.dispose()
    shutil.copy(chain / "eakte.sqlite", copy / "eakte.sqlite")
    assert [(p.position, p.kind) for p in check(copy).problems] == [(13, "cut_tail")]


def test_another_database_in_its_place_disagrees_with_every_anchor(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    write_chain(tmp_path / "other", "forged").dispose()
    shutil.copy(tmp_path / "other" / "eakte.sqlite", copy / "eakte.sqlite")
    problems = [(p.position, p.kind) for p in check(copy).problems]
    assert problems == [(EACH * number, "anchor_mismatch") for number in range(1, BLOCKS + 1)]


def test_an_empty_database_in_its_place_is_cut_at_every_anchor(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    make_database(tmp_path / "empty").dispose()
    shutil.copy(tmp_path / "empty" / "eakte.sqlite", copy / "eakte.sqlite")
    assert {p.kind for p in check(copy).problems} == {"cut_tail"}


def test_a_sealer_killed_at_any_moment_leaves_a_sound_chain(copy: Path) -> None:
    seed = random.randrange(10**6)
    rng = random.Random(seed)
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.seal_forever", str(copy)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "sealing\n", f"seed {seed}"
        time.sleep(rng.uniform(0.01, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert check(copy).ok, f"seed {seed}: {check(copy).problems}"
    database = open_sqlite(copy / "eakte.sqlite")
    seal(database, AnchorFile(copy / "anchors.jsonl"))
    with database.read() as session:
        events = session.scalar(select(func.count()).select_from(AuditEvent))
    verdict = check(copy)
    assert verdict.ok, f"seed {seed}: {verdict.problems}"
    assert verdict.checked == events
    assert events is not None
    assert events >= BLOCKS * EACH + 6
    assert len(AnchorFile(copy / "anchors.jsonl").all()) >= BLOCKS + 6


def test_verifying_beside_a_running_sealer_finds_nothing(copy: Path) -> None:
    database, stopping = open_sqlite(copy / "eakte.sqlite"), threading.Event()
    with database.write() as tx:
        actor = system_actor(make_agency(tx, "B"))

    def work() -> None:
        while not stopping.is_set():
            with database.write() as tx:
                record_act(tx, actor, "test.more", "thing", None)
            seal(database, AnchorFile(copy / "anchors.jsonl"))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert [check(copy).problems for _ in range(20)] == [[]] * 20
    finally:
        stopping.set()
        thread.join()


def test_an_event_is_sealed_within_five_seconds(tmp_path: Path) -> None:
    """What the sealer sleeps between an event right after a sealing, the longest wait, and its seal; not how fast it is."""
    services = open_services(Settings(home=tmp_path / "home"), SystemClock(), migrate=True)
    sealer = next(duty for duty in duties(services) if duty.name == "sealer")

    class Rests(threading.Event):
        slept: list[float] = []  # noqa: RUF012 - one object, one test

        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            if not self.slept:
                with services.database.write() as tx:
                    record_act(tx, system_actor(make_agency(tx)), "test.act", "thing", None)
            elif not unsealed(services.database) or sum(self.slept) > 60:
                self.set()
                return True
            self.slept.append(timeout)
            return False

    rests = Rests()
    run_duty(services, sealer, "test:1:1", rests)
    assert unsealed(services.database) == 0
    assert 0 < sum(rests.slept) < 4.5


def unsealed(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(AuditEvent.chain_no.is_(None))) or 0
