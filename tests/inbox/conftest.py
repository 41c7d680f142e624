"""The small authority of the inbox tests: made once, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inbox.world import World, copy_world, make_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    folder = tmp_path_factory.mktemp("authority")
    return make_world(folder), folder


@pytest.fixture
def world(template: tuple[World, Path], tmp_path: Path) -> World:
    return copy_world(*template, tmp_path)
