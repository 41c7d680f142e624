"""What all tests share: property-based tests are judged by what they find, never by how busy the machine is.

With EAKTE_TEST_DATABASE=postgresql the tests run on PostgreSQL, each with databases of its own that go with it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import databases

pytest_plugins = ["tests.services"]
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is about the other database alone."""
    other = "sqlite" if databases.ON_POSTGRESQL else "postgresql"
    for item in items:
        if item.get_closest_marker(other):
            item.add_marker(pytest.mark.skip(reason=f"is about {other} alone"))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not walk through it again and again (a tenth of the time)."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _server(request: pytest.FixtureRequest) -> Iterator[None]:
    if databases.ON_POSTGRESQL:
        told: dict[str, str] = request.getfixturevalue("postgres").settings
        databases.use_server(told["EAKTE_DATABASE_URL"], Path(told["EAKTE_DATABASE_PASSWORD_FILE"]))
    yield
    databases.drop(databases.made())


@pytest.fixture(autouse=True)
def _own_databases() -> Iterator[None]:
    before = databases.made()
    yield
    databases.leave(databases.made(passing=True) - before)
