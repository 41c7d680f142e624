"""A disposal that dies at any step, and is resumed by the same call or by a worker: the same result, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

import retention.disposal as disposal
from core.models import AuditEvent
from retention import certificate, tasks
from retention.models import DestructionCertificate, DisposalList, DisposalObject
from tests.retention.test_disposal import prepare, run, states
from tests.retention.world import World, add_case, add_letter, stored

ONCE: list[tuple[Any, str]] = [
    (disposal, "_finish"), (disposal, "settle_index"), (disposal, "find_traces"), (certificate, "render"),
    (certificate, "record_act"),
]  # fmt: skip
TWICE: list[tuple[Any, str]] = [
    (disposal, "erase_case"), (disposal, "_remove_bytes"), (disposal, "unlink_released"), (disposal, "_empty_log"),
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


@pytest.mark.parametrize("afterwards", [False, True])
@pytest.mark.parametrize(("module", "name", "call"), MOMENTS, ids=[f"{name}-{call}" for _, name, call in MOMENTS])
def test_killed_anywhere_and_resumed(
    world: World, module: Any, name: str, call: int, afterwards: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [add_letter(world, add_case(world, f"99801BG000000{n}")) for n in (1, 2)]
    kept = add_letter(world, add_case(world, "99801BG0000003", closed_on=None))
    words = world.canaries[: -len(world.canaries) // 3]
    prepare(world)
    monkeypatch.setattr(module, name, dying(getattr(module, name), call, afterwards=afterwards))
    with pytest.raises(Killed):
        run(world)
    monkeypatch.undo()
    assert states(run(world)) == ["destroyed", "destroyed"]
    gone = {address for letter in letters for address in letter.blobs}
    assert gone.isdisjoint(stored(world))
    assert set(kept.blobs) <= set(stored(world))
    assert world.hits(words) == []
    with world.database.read() as session:
        destroyed = session.scalars(select(AuditEvent.object_id).where(AuditEvent.action == "case.destroyed")).all()
        assert len(destroyed) == len(set(destroyed)) == 2
        assert len(session.scalars(select(DestructionCertificate)).all()) == 1
    assert len(list(world.stores.certificates.glob("V*"))) == 2


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
