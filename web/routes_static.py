"""Files of the pages with cache headers, and a German page for every address that is none."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from core.errors import NotFound
from web import rendering
from web.pages import PageRoute

YEAR = "public, max-age=31536000, immutable"
DAY = "public, max-age=86400"
HOUR = "public, max-age=3600"
_files = StaticFiles(directory=rendering.STATIC)


class PagePath(Convertor[str]):
    """Any path of the pages: not the machines' interface, not the probes, not the files."""

    regex = r"(?!api/|healthz$|readyz$|static/).*"

    def convert(self, value: str) -> str:
        """The path as it is."""
        return value

    def to_string(self, value: str) -> str:
        """The path as it is."""
        return value


register_url_convertor("page_path", PagePath())
router = APIRouter(include_in_schema=False)
unknown = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/static/{path:path}")
async def get_static(request: Request, path: str) -> Response:
    """A file; with its mark `?v=` for a year, fonts for a day. Only files below `web/static`."""
    try:
        response = await _files.get_response(path, request.scope)
    except (HTTPException, ValueError):
        return Response(status_code=404)
    response.headers["Cache-Control"] = YEAR if "v" in request.query_params else DAY if "fonts/" in path else HOUR
    return response


@unknown.api_route("/{address:page_path}", methods=["GET", "POST"])
def get_unknown(address: str) -> Response:
    """Nothing is here, or it is not yours: one answer for both."""
    del address
    raise NotFound
