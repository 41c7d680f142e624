"""The small authority, fresh for each test: made once, then copied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from search.opensearch_client import Server
from tests.databases import copy_home
from tests.search.engines import make_indexes
from tests.search.world import World, make_world, open_world
from tests.services import Service


@pytest.fixture(scope="session")
def search_server(opensearch: Service) -> Server:
    """The OpenSearch of this run."""
    return Server(opensearch.settings["EAKTE_OPENSEARCH_URL"])


@pytest.fixture
def engine() -> str:
    """The engine of the world's index; modules whose tests hold for all engines give it all of them."""
    return "tantivy"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("template"))
    made.database.dispose()
    return made


@pytest.fixture
def world(template: World, tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> Iterator[World]:
    home = tmp_path / "home"
    copy_home(template.home, home)
    for make in make_indexes(engine, request):
        yield replace(open_world(home, template.agency, template.units), make_index=make)
