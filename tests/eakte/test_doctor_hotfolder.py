"""Doctor names what lies in the hot folder where nobody looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from core.audit.anchors import AnchorFile
from core.settings import Settings
from eakte.bootstrap import Services
from eakte.doctor import examine
from organisation.models import ScanStation
from tests.ingest.ledger_door import Door


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A hot folder for the station S1."""
    (tmp_path / "hot" / "S1" / "done").mkdir(parents=True)
    return tmp_path / "hot"


@pytest.fixture
def services(tmp_path: Path, root: Path) -> Services:
    door = Door(tmp_path)
    settings = Settings(home=tmp_path / "home", hotfolder=root)
    return Services(settings, door.database, door.store, AnchorFile(settings.anchor_file))


def found(services: Services) -> list[tuple[str, str]]:
    return [(one.kind, one.id) for one in examine(services) if one.store == "hotfolder"]


def test_the_folders_of_stations_are_no_finding(services: Services, root: Path) -> None:
    (root / "S1" / "a.pdf").write_bytes(b"a")
    (root / ".trash").mkdir()
    assert found(services) == []


def test_a_folder_without_a_station_and_files_beside_are_named(services: Services, root: Path) -> None:
    (root / "s1").mkdir()
    (root / "S2").mkdir()
    (root / "a.pdf").write_bytes(b"a")
    with services.database.write() as tx:
        tx.session.execute(update(ScanStation).where(ScanStation.code == "S2").values(revoked_at=tx.now))
    assert found(services) == [("unknown_station", "S2"), ("unknown_station", "s1"), ("file_without_station", "-")]


def test_a_hot_folder_that_is_not_there_is_named(services: Services, root: Path) -> None:
    root.rename(root.with_name("elsewhere"))
    assert found(services) == [("missing", "-")]
