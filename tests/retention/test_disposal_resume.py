"""A disposal that dies at any step, and is resumed by the same call or by a worker: the same result, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import retention.disposal as disposal
from archive.access import visible_case_files, visible_documents, visible_pages
from archive.models import CaseFile, Document
from core.errors import NotFound
from core.models import AuditEvent
from inbox.checks import unseen_items
from inbox.errors import NotUndoable
from inbox.models import InboxItem, UndoableAct
from inbox.undo import undo
from retention import certificate, erasure, holding, tasks
from retention.models import DestructionCertificate, DisposalList, DisposalObject
from tests.databases import ON_POSTGRESQL, copy_home, kept
from tests.retention.bulk import costs, fill
from tests.retention.test_disposal import prepare, run, states
from tests.retention.world import TODAY, Letter, World, add_case, add_letter, open_world, stored

ONCE: list[tuple[Any, str]] = [
    (disposal, "_finish"), (disposal, "settle_index"), (disposal, "find_traces"), (certificate, "render"),
    (certificate, "record_act"),
]  # fmt: skip
TWICE: list[tuple[Any, str]] = [
    (disposal, "strike"), (disposal, "erase_part"), (disposal, "erase_rest"),
    (disposal, "_remove_bytes"), (disposal, "unlink_released"), (disposal, "_empty_log"),
    (certificate, "_write"), (disposal, "record_act"),
]  # fmt: skip
MOMENTS = [(*step, 1) for step in (*ONCE, *TWICE)] + [(*step, 2) for step in TWICE]


class Killed(BaseException):
    """Like SIGKILL as far as Python code can tell: nothing handles it."""


def dying(step: Callable[..., Any], call: int, *, afterwards: bool) -> Callable[..., Any]:
    """The step, which dies at its `call`-th call, before or after doing its work."""
    calls = 0

    def run_step(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls != call:
            return step(*arguments, **named)
        if afterwards:
            step(*arguments, **named)
        raise Killed

    return run_step


@dataclass(frozen=True)
class Prepared:
    """A list that may be executed: two cases with two letters each, and one each that another case has too."""

    home: Path
    letters: list[Letter]
    shared: list[Letter]
    words: list[str]


@pytest.fixture(scope="module")
def prepared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    home = tmp_path_factory.mktemp("prepared") / "home"
    with kept():
        world = open_world(copy_home(template, home))
    cases = [add_case(world, f"99801BG000000{n}") for n in (1, 2)]
    letters = [add_letter(world, case) for case in cases for _ in range(2)]
    words = list(world.canaries)
    left = add_case(world, "99801BG0000003", closed_on=None)
    shared = [add_letter(world, (case, 1, 1), (left, 2, 2)) for case in cases]
    prepare(world)
    world.database.dispose()
    return Prepared(home, letters, shared, words)


@pytest.fixture
def world_prepared(prepared: Prepared, tmp_path: Path) -> Iterator[World]:
    world = open_world(copy_home(prepared.home, tmp_path / "home"))
    yield world
    world.database.dispose()


@pytest.mark.parametrize("afterwards", [False, True])
@pytest.mark.parametrize(("module", "name", "call"), MOMENTS, ids=[f"{name}-{call}" for _, name, call in MOMENTS])
def test_killed_anywhere_and_resumed(
    world_prepared: World, prepared: Prepared, module: Any, name: str, call: int, afterwards: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    world = world_prepared
    monkeypatch.setattr(erasure, "PART", 1)
    monkeypatch.setattr(module, name, dying(getattr(module, name), call, afterwards=afterwards))
    with pytest.raises(Killed):
        run(world)
    monkeypatch.undo()
    assert states(run(world)) == ["destroyed", "destroyed"]
    gone = {address for letter in prepared.letters for address in letter.blobs}
    assert gone.isdisjoint(stored(world))
    assert {address for letter in prepared.shared for address in letter.blobs} <= set(stored(world))
    assert world.hits(prepared.words) == []
    with world.database.read() as session:
        destroyed = session.scalars(select(AuditEvent.object_id).where(AuditEvent.action == "case.destroyed")).all()
        assert len(destroyed) == len(set(destroyed)) == 2
        gone_documents = select(AuditEvent.object_id).where(AuditEvent.action == "document.destroyed")
        assert sorted(session.scalars(gone_documents)) == sorted(letter.document for letter in prepared.letters)
        proofs = session.scalars(select(DisposalObject.proof).order_by(DisposalObject.number)).all()
        assert [(len(one["documents"]), one["surviving_documents"]) for one in proofs] == [(2, 1)] * 2
        assert len(session.scalars(select(DestructionCertificate)).all()) == 1
    assert len(list(world.stores.certificates.glob("V*"))) == 2


def test_what_is_struck_is_gone_for_everybody_before_its_parts_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two parts nobody sees, holds or is handed anything of it, and no part takes more than it should."""
    monkeypatch.setattr(erasure, "PART", 2)
    case, anna = add_case(world, "99801BG0000001"), world.actor("anna")
    letters = [add_letter(world, case) for _ in range(5)]
    prepare(world)
    real, sizes = disposal.erase_part, []

    def looked_at(tx: Any, case_file_id: Any) -> Any:
        erased = real(tx, case_file_id)
        seen = select(Document.id).where(visible_documents(anna, TODAY))
        assert tx.session.scalars(seen).all() == []
        assert tx.session.scalars(select(CaseFile.id).where(visible_case_files(anna, TODAY))).all() == []
        assert unseen_items(tx.session, tx.now) == []
        with pytest.raises(NotFound):
            holding.set_hold(tx, anna, "99801BG0000001", "FORDERUNG")
        sizes.append(len(erased.documents) if erased else 0)
        return erased

    monkeypatch.setattr(disposal, "erase_part", looked_at)
    assert states(run(world)) == ["destroyed"]
    assert sizes[:3] == [2, 2, 1]
    assert {address for letter in letters for address in letter.blobs}.isdisjoint(stored(world))


@pytest.mark.skipif(ON_POSTGRESQL, reason="rows are counted in the driver of SQLite")
def test_no_transaction_grows_with_the_case(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stroke writes and reads the same for ten documents and for three hundred; then they go some at a time."""
    for number, count in (("99801BG0000001", 10), ("99801BG0000002", 300)):
        fill(world, add_case(world, number), count)
    prepare(world)
    real, seen = disposal._decide, []

    def measured(*arguments: Any) -> None:
        with costs(world) as counted:
            real(*arguments)
        seen.append((counted.answered, counted.written))

    monkeypatch.setattr(disposal, "_decide", measured)
    sizes, part = [], disposal.erase_part

    def sized(*arguments: Any) -> Any:
        erased = part(*arguments)
        sizes.append(len(erased.documents) if erased else 0)
        return erased

    monkeypatch.setattr(disposal, "erase_part", sized)
    assert states(run(world)) == ["destroyed", "destroyed"]
    assert seen[0] == seen[1]
    assert (sum(sizes), max(sizes)) == (310, erasure.PART)


def test_what_a_struck_case_took_along_comes_back_by_nobodys_act(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed right after the stroke: who has the letter in an inbox does not see it, and taking back a move is refused."""
    case, anna = add_case(world, "99801BG0000001"), world.actor("anna")
    letter = add_letter(world, case)
    prepare(world)
    monkeypatch.setattr(disposal, "erase_part", dying(disposal.erase_part, 1, afterwards=False))
    with pytest.raises(Killed):
        run(world)
    monkeypatch.undo()
    with world.database.read() as session:
        assert session.get_one(Document, letter.document).state == "active"
        assert session.scalars(select(Document.id).where(visible_documents(anna, TODAY))).all() == []
        assert visible_pages(session, anna, letter.document, TODAY) == []
        assert unseen_items(session, world.clock.now()) == []
    with world.database.write() as tx:
        act = tx.session.scalars(select(UndoableAct)).one()
        act.expected_version = tx.session.get_one(InboxItem, act.inbox_item_id).version
    with pytest.raises(NotUndoable), world.database.write() as tx:
        undo(tx, anna)
    assert states(run(world)) == ["destroyed"]
    assert set(letter.blobs).isdisjoint(stored(world))


def test_an_interrupted_list_is_finished_by_the_worker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    add_letter(world, add_case(world, "99801BG0000001"))
    prepare(world)
    assert tasks.resume_disposals(world.stores) == []
    monkeypatch.setattr(disposal, "_finish", dying(disposal._finish, 1, afterwards=False))
    with pytest.raises(Killed):
        run(world)
    monkeypatch.undo()
    assert tasks.resume_disposals(world.stores) == ["L1"]
    with world.database.read() as session:
        assert session.scalars(select(DisposalObject.state)).all() == ["destroyed"]
        assert session.scalars(select(DisposalList.state)).all() == ["done"]
