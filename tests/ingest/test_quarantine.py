"""Who may end or repeat an entry of the quarantine, and how the log names them."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from core.actor import Actor, system_actor
from core.errors import NotAllowed, NotFound
from core.ids import new_id
from ingest import quarantine
from ingest.models import MailItem, Receipt
from organisation.actors import build_actor
from organisation.models import ScanStation, User
from tests.ingest.door import House, open_house
from tests.web.room import TODAY

OTHERS = ("tnommen", "kfeddermann", "sbahnsand", "mockholm", "pruefung1")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return open_house(tmp_path_factory.mktemp("quarantine"))


def entry(house: House, station: str | None) -> UUID:
    """A receipt that was quarantined whole."""
    with house.services.database.write() as tx:
        found = tx.session.scalar(select(ScanStation.id).where(ScanStation.code == station)) if station else None
        receipt = Receipt(
            id=new_id(), agency_id=house.agency, sha256="0" * 64, size=1, channel="station", station_id=found,
            idempotency_key=str(new_id()), received_on=TODAY, received_on_source="told", accepted_at=tx.now,
            state="quarantined",
        )  # fmt: skip
        tx.session.add(receipt)
        tx.session.flush()
        item = MailItem(
            id=new_id(), agency_id=house.agency, receipt_id=receipt.id, item_no=0, page_count=0, state="quarantined"
        )
        tx.session.add(item)
        return item.id


def actor(house: House, username: str) -> Actor:
    with house.services.database.read() as session:
        user = session.scalars(select(User).where(User.username == username)).one()
        return build_actor(session, user, TODAY)


def test_only_who_answers_for_the_mail_ends_it(house: House) -> None:
    own, elsewhere, database = entry(house, "SCAN-1"), entry(house, None), house.services.database
    for username in OTHERS:
        with pytest.raises(NotAllowed):
            quarantine.end(database, actor(house, username), own, "released", "x")
        with pytest.raises(NotAllowed):
            quarantine.retry(database, actor(house, username), own)
    post_room = actor(house, "akurtoglu")
    with pytest.raises(NotFound):
        quarantine.end(database, post_room, elsewhere, "released", "x")
    with pytest.raises(NotFound):
        quarantine.retry(database, post_room, elsewhere)
    quarantine.end(database, post_room, own, "released", "neu gescannt")
    quarantine.end(database, actor(house, "rhinnerksen"), elsewhere, "rejected", "Absender verständigt")
    with pytest.raises(NotFound):
        quarantine.end(database, system_actor(new_id()), entry(house, "SCAN-1"), "released", "andere Behörde")


def test_the_command_line_acts_for_a_person_or_as_the_operator(house: House) -> None:
    first, second = str(entry(house, "SCAN-1")), str(entry(house, "SCAN-1"))
    refused = house.command("quarantine", "release", first, "--as", "tnommen")
    assert refused.exit_code == 1
    assert "gehört nicht zu Ihren Aufgaben" in refused.stderr
    assert house.command("quarantine", "retry", first, "--as", "tnommen").exit_code == 1
    assert house.command("quarantine", "reject", first, "--as", "niemand").exit_code == 1
    before = len(house.events("quarantine.released"))
    assert house.command("quarantine", "release", first, "--as", "akurtoglu").exit_code == 0
    assert house.command("quarantine", "release", second).exit_code == 0
    by_person, by_operator = house.events("quarantine.released")[before:]
    assert by_person.actor_id == actor(house, "akurtoglu").user_id
    assert "by_operator" not in by_person.details
    assert (by_operator.actor_id, by_operator.details["by_operator"]) == (None, True)
