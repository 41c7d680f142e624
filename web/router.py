"""All pages for people, in the order in which addresses are tried; the last one answers whatever is left."""

from __future__ import annotations

from fastapi import APIRouter

from web import (
    routes_accesslog,
    routes_auditing,
    routes_clearing,
    routes_clearing_acts,
    routes_clearing_new,
    routes_granting,
    routes_inbox,
    routes_inbox_acts,
    routes_inbox_passing,
    routes_links,
    routes_mailroom,
    routes_records,
    routes_search,
    routes_session,
    routes_settings,
    routes_static,
)


def routers() -> list[APIRouter]:
    """The routers for `api.app.create_app(context, routers())`. They bring their own error pages."""
    return [
        routes_static.router,
        routes_session.router,
        routes_settings.router,
        routes_inbox.router,
        routes_inbox_acts.router,
        routes_inbox_passing.router,
        routes_clearing.router,
        routes_clearing_acts.router,
        routes_clearing_new.router,
        routes_mailroom.router,
        routes_records.router,
        routes_granting.router,
        routes_links.router,
        routes_search.router,
        routes_auditing.router,
        routes_accesslog.router,
        routes_static.unknown,
    ]
