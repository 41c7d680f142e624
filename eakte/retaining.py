"""Disposal and export on this installation: its stores and folders, handed to the room that does it."""

from __future__ import annotations

from pathlib import Path

from eakte.bootstrap import Services
from eakte.searching import index_pending, open_index
from eakte.storage import open_disposal_blobs
from retention.disposal import Stores
from retention.export.case_export import Places


def stores(services: Services) -> Stores:
    """Everything that destruction has to reach."""
    blobs = open_disposal_blobs(services.settings, services.blobs)
    return Stores(
        services.database, blobs, open_index(services), lambda: index_pending(services),
        services.settings.certificate_folder,
    )  # fmt: skip


def export_places(services: Services, out: Path) -> Places:
    """Where an export goes, and the folders of the installation that it needs."""
    return Places(out, services.settings.work_folder, services.anchors)
