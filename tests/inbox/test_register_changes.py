"""What a new register file changes for letters that are filed and waiting already."""

from __future__ import annotations

from sqlalchemy import func, select

from archive.register_import import HEADER, import_register
from core.actor import system_actor
from core.models import OutboxEvent
from tests.inbox.world import World

ANNA = "A-1,LEIST,,998A004711,Kowalczyk,Anna,1991-05-12,Lindenweg 12,00811,Halvesund,T1,anna"


def bring(world: World, *lines: str) -> None:
    """A register file with these lines."""
    with world.database.write() as tx:
        import_register(tx, system_actor(world.agency), "\n".join([",".join(HEADER), *lines]).encode())


def owed(world: World) -> int:
    """Changes that the index does not know yet."""
    with world.database.read() as session:
        query = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.processed_at.is_(None))
        return session.scalar(query) or 0


def test_a_new_name_finds_the_letters_of_the_case(world: World) -> None:
    world.filed("A-1", "Quittung")
    bring(world, ANNA)
    assert world.who_finds("Kowalczyk") == {"anna", "lena"}
    bring(world, ANNA.replace("Kowalczyk", "Petersen"))
    assert world.who_finds("Petersen") == {"anna", "lena"}
    assert world.who_finds("Kowalczyk") == {"anna", "lena"}, "a letter may still bear the old name"


def test_a_new_member_and_a_name_that_changed_in_another_case_count_too(world: World) -> None:
    world.filed("A-1")
    world.filed("B-2")
    bring(world, ANNA, ANNA.replace("A-1", "B-2").replace(",anna", ",bert"))
    assert world.who_finds("Kowalczyk") == {"anna", "bert", "lena"}
    bring(
        world, ANNA.replace("Kowalczyk", "Petersen"), ANNA.replace("998A004711,Kowalczyk,Anna", "998A004712,Jensen,Ole")
    )
    assert world.who_finds("Petersen") == {"anna", "bert", "lena"}
    assert world.who_finds("Jensen") == {"anna", "lena"}


def test_letters_are_found_by_the_unit_that_has_the_case_now(world: World) -> None:
    world.filed("A-1", "Quittung")
    bring(world, ANNA)
    assert world.who_finds("Quittung einheit:T1") == {"anna", "lena"}
    bring(world, ANNA.replace("T1,anna", "T2,carla"))
    assert world.who_finds("Quittung einheit:T2") == {"carla", "lukas"}
    assert world.who_finds("Quittung einheit:T1") == set()


def test_the_same_file_again_gives_the_index_no_work(world: World) -> None:
    world.filed("A-1")
    bring(world, ANNA)
    world.who_finds("Kowalczyk")
    bring(world, ANNA, ANNA.replace("A-1", "NEU-1").replace("998A004711", "998A004799"))
    assert owed(world) == 0, "nothing is filed in a case that is new"
