"""The server process: API and pages over the data folder's stores. Opens no received file: pages are drawn in a child."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.context import Context
from core import telemetry
from core.errors import Unavailable
from core.isolation import ChildPool, Finished, Limits
from eakte.bootstrap import Services, agency_id, exclusive
from eakte.punctual import PunctualProtocol
from eakte.searching import require_usable_index, search_service
from web.router import routers

_PREVIEW_LIMITS = Limits(memory_mb=600, wall_seconds=20)


@dataclass(frozen=True, slots=True)
class ChildRenderer:
    """Draws pages in a long-lived child; one that dies is replaced and costs one picture."""

    pool: ChildPool
    folder: Path

    def page(self, path: str, page_no: int, width: int, rotation: int) -> bytes:
        """See api.context.PageRenderer."""
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix="preview-") as out:
            arguments = {"path": path, "page_no": page_no, "width": width, "rotation": rotation, "out": out.name}
            if not isinstance(self.pool.call("ingest.previews:write_preview", arguments), Finished):
                raise Unavailable(
                    "Das Bild der Seite lässt sich gerade nicht zeigen. Der Text und das Original sind da.",
                    "the page image cannot be drawn",
                )
            return Path(out.name).read_bytes()


def build_app(services: Services) -> FastAPI:
    """The application over open services."""
    context = Context(
        settings=services.settings,
        database=services.database,
        blobs=services.blobs,
        search=search_service(services),
        renderer=ChildRenderer(ChildPool(1, _PREVIEW_LIMITS), services.settings.work_folder),
        agency_id=agency_id(services),
        anchors=services.anchors,
    )
    return create_app(context, routers())


def serve(services: Services) -> None:
    """Run until stopped. A second server on the same data folder is refused (ConfigurationError)."""
    settings = services.settings
    require_usable_index(services)
    telemetry.start(settings.otel_endpoint, "eakte-server")
    with exclusive(settings, "server"):
        uvicorn.run(
            build_app(services), host=settings.host, port=settings.port, log_level="warning", access_log=False,
            server_header=False, timeout_graceful_shutdown=5, http=PunctualProtocol,
        )  # fmt: skip
