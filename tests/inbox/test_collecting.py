"""The year's collective file of dismissed mail: who knows of it, and how the worker keeps it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from archive.access import covers_visible, visible_case_files
from archive.case_search import find_cases
from archive.models import CaseFile, Document, Filing
from core.errors import NotFound
from inbox import acts, collecting
from inbox.acts import FileInto, ItemRef
from inbox.collecting import keep_collective_files
from inbox.models import InboxItem, UndoableAct
from inbox.undo import undo
from ingest.register_lookup import ArchiveRegister
from ingest.register_view import LookupKeys
from tests.inbox.test_dismissal import dismiss, readers
from tests.inbox.world import WORKERS, World


class Killed(BaseException):
    """Like SIGKILL as far as Python code can tell: nothing handles it."""


def files(world: World) -> dict[str, tuple[str, date | None]]:
    with world.database.read() as session:
        found = session.scalars(select(CaseFile).where(CaseFile.file_plan_unit == "SAMM"))
        return {one.file_number: (one.state, one.closed_on) for one in found}


def lies_in(world: World, ref: ItemRef) -> str | None:
    """The number of the file that a document lies in now."""
    query = select(CaseFile.file_number).join(Filing, Filing.case_file_id == CaseFile.id)
    with world.database.read() as session:
        return session.scalar(query.where(Filing.document_id == world.document_of(ref), Filing.ended_at.is_(None)))


def dismissed_before(world: World, year: int = 2026) -> ItemRef:
    """As an earlier version left it: dismissed in that year, in no file."""
    ref = world.in_clearing()
    dismiss(world, "paula", ref)
    with world.database.write() as tx:
        document_id = world.document_of(ref)
        tx.session.execute(delete(Filing).where(Filing.document_id == document_id))
        tx.session.execute(update(Document).where(Document.id == document_id).values(filed=False, filed_at=None))
        item = tx.session.get_one(InboxItem, ref.item_id)
        item.finished_at = tx.now.replace(year=year)
    return ref


def forget_files(world: World) -> None:
    with world.database.write() as tx:
        tx.session.execute(delete(CaseFile).where(CaseFile.file_plan_unit == "SAMM"))


def test_nobody_knows_the_file_and_nothing_is_filed_into_it_by_hand(world: World) -> None:
    ref, other = world.in_clearing("Sonderangebot"), world.in_clearing("Brief")
    dismiss(world, "paula", ref)
    assert lies_in(world, ref) == "P-2026"
    assert world.who_finds("P-2026") == world.who_finds("Sonderangebot") == set()
    with world.database.read() as session:
        for name in WORKERS:
            actor = world.actor(name)
            for condition in (visible_case_files(actor, world.today), covers_visible(actor, world.today)):
                numbers = set(session.scalars(select(CaseFile.file_number).where(condition)))
                assert "P-2026" not in numbers
            assert find_cases(session, actor, "P-2026", world.today) == []
    with pytest.raises(NotFound), world.database.write() as tx:
        acts.file_item(tx, world.actor("paula"), other, FileInto(case_number="P-2026"))
    assert readers(world, ref) == {"paula", "piet"}


def test_a_letter_that_bears_its_number_is_not_filed_by_machine(world: World) -> None:
    dismiss(world, "paula", world.in_clearing())
    with world.database.read() as session:
        register = ArchiveRegister(session, world.agency, world.today)
        keys = set(session.scalars(select(CaseFile.number_key)))
        found = register.cases(LookupKeys(numbers=frozenset(keys)))
    assert {case.file_number for case in found} == {"A-1", "B-2", "T-3", "C-4"}


def test_taking_back_takes_it_out_again(world: World) -> None:
    ref = world.in_clearing("Sonderangebot")
    for _ in range(2):
        dismiss(world, "paula", world.ref_of("paula", world.document_of(ref)))
        with world.database.write() as tx:
            undo(tx, world.actor("paula"))
        assert lies_in(world, ref) is None
        with world.database.read() as session:
            document = session.get_one(Document, world.document_of(ref))
            assert (document.state, document.filed, document.filed_at) == ("active", False, None)
    assert world.who_finds("Sonderangebot") == {"paula", "piet"}
    with world.database.write() as tx:  # and it can still be filed where it belongs
        acts.file_item(tx, world.actor("paula"), world.ref_of("paula", world.document_of(ref)), FileInto("A-1"))
    assert lies_in(world, ref) == "A-1"


def test_the_new_year_has_its_own_file(world: World) -> None:
    old, new = world.in_clearing(), world.in_clearing()
    dismiss(world, "paula", old)
    world.clock.instant = world.clock.instant.replace(
        month=12, day=31, hour=23, minute=30
    )  # the year is over in Berlin
    dismiss(world, "paula", new)
    assert (lies_in(world, old), lies_in(world, new)) == ("P-2026", "P-2027")
    assert keep_collective_files(world.database) == 0
    assert files(world) == {"P-2026": ("closed", date(2026, 12, 31)), "P-2027": ("open", None)}
    with world.database.write() as tx:  # closed or not, what was dismissed by mistake comes back
        act = tx.session.scalars(select(UndoableAct).order_by(UndoableAct.at)).first()
        assert act is not None
        undo(tx, world.actor("paula"), act.id)
    assert lies_in(world, old) is None


@pytest.mark.parametrize("step", ["file_in_collective", "close_past"])
@pytest.mark.parametrize("call", [1, 3])
def test_what_was_dismissed_before_is_brought_in(
    world: World, step: str, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into the file of its year; killed anywhere, the next run goes on, and one more changes nothing."""
    monkeypatch.setattr(collecting, "BATCH", 1)
    refs = [dismissed_before(world, year) for year in (2024, 2025, 2025, 2026)]
    forget_files(world)
    real: Callable[..., Any] = getattr(collecting, step)
    calls = 0

    def dying(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        done = real(*arguments)
        if calls == (call if step == "file_in_collective" else 1):
            raise Killed
        return done

    monkeypatch.setattr(collecting, step, dying)
    with pytest.raises(Killed):
        keep_collective_files(world.database)
    monkeypatch.setattr(collecting, step, real)
    for _ in range(2):
        keep_collective_files(world.database)
        assert [lies_in(world, ref) for ref in refs] == ["P-2024", "P-2025", "P-2025", "P-2026"]
        assert files(world) == {
            "P-2024": ("closed", date(2024, 12, 31)), "P-2025": ("closed", date(2025, 12, 31)), "P-2026": ("open", None),
        }  # fmt: skip
    assert keep_collective_files(world.database) == 0
    assert readers(world, refs[0]) == {"paula", "piet"}


def test_what_comes_too_late_for_a_closed_year_goes_into_this_one(world: World) -> None:
    first = dismissed_before(world, 2025)
    keep_collective_files(world.database)
    late = dismissed_before(world, 2025)
    assert keep_collective_files(world.database) == 1
    assert (lies_in(world, first), lies_in(world, late)) == ("P-2025", "P-2026")


def test_a_number_that_another_file_took_is_passed_over(world: World) -> None:
    world.case("P-2026", "T1", "anna")
    ref = world.in_clearing()
    dismiss(world, "paula", ref)
    assert lies_in(world, ref) == "P-2026-SAMM"
    assert "P-2026" not in files(world)


def test_the_worker_has_nothing_to_do_for_an_agency_without_dismissed_mail(world: World) -> None:
    world.in_clearing()
    assert keep_collective_files(world.database) == 0
    assert files(world) == {}
