"""Helpers for tests on a whole installation."""

from __future__ import annotations

from uuid import UUID

from eakte.bootstrap import Services
from eakte.cli.common import agency_id


def agency_of(services: Services) -> UUID:
    """The installation's agency."""
    return agency_id(services)
