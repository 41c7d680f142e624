"""The small authority, fresh for each test: made once, then copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.databases import copy_home
from tests.search.world import World, make_world, open_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("template"))
    made.database.dispose()
    return made


@pytest.fixture
def world(template: World, tmp_path: Path) -> World:
    home = tmp_path / "home"
    copy_home(template.home, home)
    return open_world(home, template.agency, template.units)
