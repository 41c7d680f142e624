"""Leases of dead processes are taken back, those of living and of unknown owners are not; singletons do or wait."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from core import leases
from core.actor import system_actor
from core.audit import record_act
from core.audit.anchors import AnchorFile
from core.database import Database
from core.models import AuditEvent, Lease
from core.processes import owner_is_dead, owner_name
from core.singletons import SEALER, settle_seals
from tests.support import make_agency, make_database


@pytest.fixture(scope="module")
def dead() -> str:
    code = "from core.processes import owner_name; print(owner_name('part'))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return make_database(tmp_path)


def test_only_a_process_of_this_host_that_ended_is_dead(dead: str) -> None:
    assert owner_is_dead(dead)
    assert dead.startswith("part/")
    assert not owner_is_dead(owner_name())
    assert not owner_is_dead(owner_name("part"))
    pid, started = dead.rsplit(":", 2)[1:]
    assert not owner_is_dead(f"elsewhere:{pid}:{started}")


@pytest.mark.parametrize("owner", ["", "retention/0191", "a:b", f"{socket.gethostname()}:x:y", "worker"])
def test_an_owner_of_another_form_is_never_called_dead(owner: str) -> None:
    assert not owner_is_dead(owner)


def test_what_the_dead_hold_is_taken_back(database: Database, dead: str) -> None:
    with database.write() as tx:
        for name, owner in (("a", dead), ("b", owner_name()), ("c", "elsewhere:1:2")):
            leases.acquire(tx, name, owner, 60)
        leases.reclaim(tx)
        assert set(tx.session.scalars(select(Lease.name))) == {"b", "c"}


@pytest.mark.parametrize(("holder", "sealed"), [("dead", True), ("alive", False), ("nobody", True)])
def test_sealing_here_and_now(database: Database, dead: str, tmp_path: Path, holder: str, sealed: bool) -> None:
    with database.write() as tx:
        record_act(tx, system_actor(make_agency(tx)), "test.act", "thing", None)
        if holder != "nobody":
            leases.acquire(tx, SEALER, dead if holder == "dead" else owner_name(), 60)
    assert settle_seals(database, AnchorFile(tmp_path / "anchor.jsonl"), wait=0) is sealed
    with database.read() as session:
        assert (session.scalars(select(AuditEvent.chain_no)).one() is not None) is sealed
        assert session.scalars(select(Lease)).all() == [] or holder == "alive"
