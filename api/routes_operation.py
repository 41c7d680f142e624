"""What the people who run the installation ask: figures for Prometheus, with a token of their own."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request, Response

from api.context import Ctx
from api.metrics import Metrics
from core.errors import NotFound
from core.secrets import optional_secret

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, ctx: Ctx) -> Response:
    """Figures, for who shows the token. Without one set, or with another, there is nothing here.

    Not by address: behind a proxy everybody comes from the loopback.
    """
    wanted = optional_secret(ctx.settings.metrics_token_file, "EAKTE_METRICS_TOKEN_FILE")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if wanted is None or scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), wanted.encode()):
        raise NotFound
    held: Metrics | None = getattr(request.app.state, "metrics", None)
    if held is None:
        held = request.app.state.metrics = Metrics(ctx.database, ctx.settings)
    return Response(held.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
