"""The indexer with every engine: outbox in, posting lists out; late, twice, out of order, with lost bytes."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, update

from archive.models import CaseFile, Document, DocumentVersion, Page, PersonName
from core import outbox
from core.ids import new_id
from core.models import OutboxEvent
from tests.search.engines import ENGINES
from tests.search.world import World, add_case, add_letter, owed
from tests.support import stored_file


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def emit(world: World, topic: str, object_id: UUID) -> None:
    with world.database.write() as tx:
        outbox.emit(tx, world.agency, topic, object_id)


def test_from_commit_to_hit_and_nothing_is_owed(world: World) -> None:
    case = add_case(world, "A-1")
    world.indexer.catch_up()
    add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    assert owed(world) == 1
    assert world.titles("anna", "Miete") == []
    assert world.indexer.catch_up() == 1
    assert owed(world) == 0
    assert world.titles("anna", "Miete") == ["Brief"]
    assert world.indexer.catch_up() == 0


def test_an_event_names_an_object_whose_state_now_counts(world: World) -> None:
    """Late, twice, out of order, for something that is gone: the index shows what the database holds."""
    case = add_case(world, "A-1")
    letter = add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    world.indexer.catch_up()
    with world.database.write() as tx:
        tx.session.execute(update(Document).where(Document.id == letter).values(title="Neuer Titel"))
    for _ in range(3):
        emit(world, "document.changed", letter)
    emit(world, "document.changed", case)  # no document has this id
    world.indexer.catch_up()
    emit(world, "document.changed", letter)
    world.indexer.catch_up()
    assert world.titles("anna", "Titel") == ["Neuer Titel"]
    with world.database.write() as tx:
        tx.session.execute(update(Document).where(Document.id == letter).values(state="destroyed"))
    emit(world, "document.changed", letter)
    world.indexer.catch_up()
    assert world.index.documents() == set()


def test_an_older_event_committed_later_is_not_passed_over(world: World) -> None:
    case = add_case(world, "A-1")
    add_letter(world, "Erster", ["Miete"], (case, 1, 1))
    with world.database.write() as tx:
        tx.session.execute(update(OutboxEvent).values(processed_at=tx.now))
    add_letter(world, "Zweiter", ["Strom"], (case, 1, 1))
    world.indexer.rebuild()
    world.indexer.catch_up()
    with world.database.write() as tx:
        tx.session.execute(update(OutboxEvent).values(processed_at=None))
    assert world.indexer.catch_up() == 2
    assert world.titles("anna", "Miete") == ["Erster"]


def test_a_changed_case_brings_its_letters(world: World) -> None:
    case = add_case(world, "A-1", family="Kowalczyk")
    add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    world.indexer.catch_up()
    with world.database.write() as tx:
        tx.session.execute(update(PersonName).values(family_name="Yıldız"))
        tx.session.execute(update(CaseFile).values(org_unit_id=world.units[1]))
    emit(world, "case_file.changed", case)
    world.indexer.catch_up()
    assert world.titles("anna", "Kowalczyk") == []
    assert world.titles("anna", "Yildiz einheit:T2") == ["Brief"]


def test_more_events_than_one_batch(world: World) -> None:
    case = add_case(world, "A-1")
    world.indexer.catch_up()
    letter = add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    with world.database.write() as tx:
        for document in (*(new_id() for _ in range(249)), letter):
            outbox.emit(tx, world.agency, "document.changed", document)
    assert world.indexer.catch_up() == 251
    assert world.titles("anna", "Miete") == ["Brief"]


@pytest.mark.parametrize("damage", ["lost", "cut"])
def test_lost_bytes_of_one_page_keep_no_other_letter_unfound(world: World, damage: str) -> None:
    case = add_case(world, "A-1")
    letter = add_letter(world, "Schaden", ["Wasserrohr"], (case, 1, 1))
    add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    with world.database.read() as session:
        address = session.scalars(
            select(Page.text_sha256).join(DocumentVersion).where(DocumentVersion.document_id == letter)
        ).one()
    assert address is not None
    path = stored_file(world.blobs, address)
    data = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(data[:-9])
    world.indexer.catch_up()
    assert owed(world) == 0
    assert world.titles("anna", "Miete") == ["Brief"]
    assert world.titles("anna", "Schaden") == ["Schaden"]
    assert world.indexer.rebuild() == 4
