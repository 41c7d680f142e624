"""The small authority, new for each test: its data folder is made once and copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import copy_home
from tests.retention.world import World, make_home, open_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("world") / "home"
    make_home(home)
    return home


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    world = open_world(copy_home(template, tmp_path / "home"))
    yield world
    world.database.dispose()
