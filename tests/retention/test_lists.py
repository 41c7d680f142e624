"""Who may do what with a list, and what keeps a case off it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from archive.access import visible_case_files
from archive.models import CaseFile, CaseGrant
from archive.service import merge_provisional
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.models import AuditEvent
from retention import appraising, holding, proposing
from retention.disposal import execute
from retention.due import due
from retention.errors import ListExists, SecondPerson, WrongListState
from tests.retention.test_disposal import appraise, approve, hold, prepare, propose, run, states
from tests.retention.world import TODAY, World, add_case, add_letter, stored


def test_only_a_second_person_approves_and_only_an_approved_list_runs(world: World) -> None:
    add_case(world, "99801BG0000001")
    propose(world)
    with pytest.raises(WrongListState):
        run(world)
    with pytest.raises(SecondPerson):
        approve(world, "rita")
    for name in ("anna", "arne", "lena"):
        with pytest.raises(NotAllowed):
            approve(world, name)
        with pytest.raises(NotAllowed):
            execute(world.stores, world.actor(name), "L1")
    approve(world)
    with pytest.raises(WrongListState):
        approve(world)
    with pytest.raises(WrongListState):
        appraise(world)


def test_only_the_archive_appraises(world: World) -> None:
    add_case(world, "99801BG0000001")
    propose(world)
    for name in ("rita", "ralf", "anna"):
        with pytest.raises(NotAllowed):
            appraising.appraise(world.database, world.actor(name), "L1", "destroy")
    with pytest.raises(NotFound):
        appraise(world, number=7)
    with pytest.raises(InvalidInput):
        appraise(world, "burn")


def test_a_list_is_frozen_once_and_a_case_is_on_one_list(world: World) -> None:
    add_case(world, "99801BG0000001")
    propose(world)
    with pytest.raises(ListExists):
        propose(world)
    with pytest.raises(Conflict, match="nothing is due"):
        propose(world, "L2")
    for name in ("", " ", "x" * 81, "a\nb"):
        with pytest.raises(InvalidInput):
            propose(world, name)
    with pytest.raises(NotAllowed):
        proposing.propose(world.database, world.actor("anna"), "L3", TODAY)


def test_archivists_read_what_is_offered_until_the_approval(world: World) -> None:
    case = add_case(world, "99801BG0000001")

    def seen() -> list[Any]:
        with world.database.read() as session:
            return list(session.scalars(select(CaseFile.id).where(visible_case_files(world.actor("arne"), TODAY))))

    assert seen() == []
    propose(world)
    assert seen() == [case]
    approve(world)
    assert seen() == []
    with world.database.read() as session:
        assert [grant.reason for grant in session.scalars(select(CaseGrant))] == ["offer"]


def test_a_hold_of_a_merged_provisional_case_keeps_the_case(world: World) -> None:
    """Both cases' holds count on the one that is left: for what is due, for a list that runs, and for releasing them."""
    case, provisional = add_case(world, "99801BG0000001"), add_case(world, "VORL-1", closed_on=None)
    letter = add_letter(world, case)
    prepare(world)
    hold(world, "VORL-1")
    with world.database.write() as tx:
        target, source = tx.session.get_one(CaseFile, case), tx.session.get_one(CaseFile, provisional)
        target.state, source.provisional = "open", True
        merge_provisional(tx, world.actor("anna"), provisional, case)
        target.state = "closed"
    (row,) = due(world.database, world.agency, TODAY)
    (review,) = [one for one in due(world.database, world.agency, date(2030, 1, 1)) if one.work_item]
    assert (row.file_number, row.holds, row.due_on) == ("99801BG0000001", ["FORDERUNG"], None)
    assert "Sperre prüfen" in (review.work_item or "")
    assert states(run(world)) == ["kept"]
    assert set(letter.blobs) <= set(stored(world))
    with world.database.write() as tx:
        holding.release_hold(tx, world.actor("rita"), "99801BG0000001", "FORDERUNG")
    (row,) = due(world.database, world.agency, TODAY)
    with world.database.read() as session:
        released = session.scalars(select(AuditEvent.case_file_id).where(AuditEvent.action == "hold.released")).all()
    assert (row.holds, row.due_on is not None, list(released)) == ([], True, [case])
