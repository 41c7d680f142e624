"""SIGKILL to a real process in the middle of a disposal, at random moments; then the same call finishes it once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from archive.models import Document
from core.audit.anchors import AnchorFile
from core.audit.verify import verify
from core.models import AuditEvent
from core.singletons import settle_seals
from retention import erasure, service
from retention.appraising import appraise
from retention.disposal import execute
from retention.models import DestructionCertificate, DisposalObject
from retention.proposing import propose
from tests.retention.bulk import fill
from tests.retention.world import TODAY, World, add_case, add_letter, open_world, stored

KILLS = 5
CASES = 10
RUN = "from pathlib import Path; from tests.retention.test_disposal_kill import go_on; go_on(Path({home!r}))"


def go_on(folder: Path) -> None:
    """What the child does: open the stores as they are on disk and execute."""
    erasure.PART = 1  # type: ignore[misc]
    world = open_world(folder)
    rita = world.actor("rita")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    execute(world.stores, rita, "L1")


def kill_after(world: World, seconds: float) -> bool:
    """Run the child and kill it `seconds` after it began; True when it was still running."""
    command = [sys.executable, "-c", RUN.format(home=str(world.home))]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=os.getcwd())
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(seconds)
    alive = child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    return alive


def ready(world: World) -> None:
    """L1 may be executed."""
    world.settle_index()
    propose(world.database, world.actor("rita"), "L1", TODAY)
    appraise(world.database, world.actor("arne"), "L1", "destroy")
    with world.database.write() as tx:
        service.approve(tx, world.actor("ralf"), "L1")


@pytest.mark.kill
def test_a_case_of_many_documents_killed_at_random_moments(world: World) -> None:
    """Each run takes some documents along; together they take each of them once."""
    seed = random.randrange(10**6)
    print("seed", seed)
    moments = random.Random(seed)
    case = add_case(world, "99801BG0000001")
    documents = fill(world, case, 150)
    words = list(world.canaries)
    ready(world)
    killed = sum(kill_after(world, moments.uniform(0.0, 0.5)) for _ in range(KILLS))
    assert killed, "the child was never killed while it ran"
    execute(world.stores, world.actor("rita"), "L1")
    assert world.hits(words) == []
    with world.database.read() as session:
        gone = session.scalars(select(AuditEvent.object_id).where(AuditEvent.action == "document.destroyed")).all()
        (proof,) = session.scalars(select(DisposalObject.proof)).all()
        states = set(session.scalars(select(Document.state)))
    assert sorted(one for one in gone if one) == sorted(documents)
    assert sorted(one["id"] for one in proof["documents"]) == sorted(map(str, documents))
    assert states == {"destroyed"}


@pytest.mark.kill
def test_killed_at_random_moments_and_finished_once(world: World) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    moments = random.Random(seed)
    letters = [add_letter(world, add_case(world, f"99801BG{n:07d}")) for n in range(CASES)]
    large = add_case(world, "99801BG9999999")
    letters += [add_letter(world, large) for _ in range(6)]
    words = list(world.canaries)
    ready(world)
    killed = sum(kill_after(world, moments.uniform(0.0, 0.25)) for _ in range(KILLS))
    assert killed, "the child was never killed while it ran"
    execute(world.stores, world.actor("rita"), "L1")
    assert {address for letter in letters for address in letter.blobs}.isdisjoint(stored(world))
    assert world.hits(words) == []
    settle_seals(world.database, AnchorFile(world.home / "audit.jsonl"))
    with world.database.read() as session:
        destroyed = session.scalars(select(AuditEvent.object_id).where(AuditEvent.action == "case.destroyed")).all()
        assert len(destroyed) == len(set(destroyed)) == CASES + 1
        assert len(session.scalars(select(DestructionCertificate)).all()) == 1
    assert verify(world.database, AnchorFile(world.home / "audit.jsonl")).ok
