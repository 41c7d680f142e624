"""What all tests share: property-based tests are judged by what they find, never by how busy the machine is."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a module's fixture run in one worker: those fixtures cost up to minutes, and once is enough."""
    for item in items:
        if isinstance(item, pytest.Function) and _shares_a_module_fixture(item) and not _grouped(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0].replace("/", ".")))


def _shares_a_module_fixture(item: pytest.Function) -> bool:
    made = (made for known in item._fixtureinfo.name2fixturedefs.values() for made in known)
    return any(one.scope == "module" for one in made)


def _grouped(item: pytest.Item) -> bool:
    return item.get_closest_marker("xdist_group") is not None
