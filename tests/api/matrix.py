"""Every route and method of the application with what it shows. `test_leaks` fails for a route without a row here.

Kinds: document, case, filing, item, clearing, entry (of the quarantine): one record, for its readers only · led: an item,
for the lead who may assign it · unfiled: an item whose letter lies in no case · link: leads
its readers to a case, shows nothing · list: narrowed to the reader · own: the reader's own settings, forms or acts ·
request: an open request to read an access log, for its second persons · log: an opened one, for whoever asked ·
station: scanning stations only · open: no data · refused: never does anything for a
person (figures need a token of their own: test_metrics).
"""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.csrf import require_csrf
from api.frame import Frame
from web.routes_clearing import from_own_page

GET: dict[str, str] = {
    "/api/v1/receipts/{receipt_id}": "station",
    "/api/v1/documents/{document_id}": "document",
    "/api/v1/documents/{document_id}/text": "document",
    "/api/v1/documents/{document_id}/pages/{page_no}/text": "document",
    "/api/v1/documents/{document_id}/pages/{page_no}/image": "document",
    "/api/v1/documents/{document_id}/pdf": "document",
    "/api/v1/documents/{document_id}/original": "document",
    "/api/v1/case-files/{number:path}": "case",
    "/api/v1/search": "list",
    "/api/v1/inbox/items": "list",
    "/api/v1/openapi.json": "open",
    "/healthz": "open",
    "/readyz": "open",
    "/metrics": "refused",
    "/static/{path:path}": "open",
    "/": "own",
    "/anmelden": "open",
    "/einstellungen": "own",
    "/einstellungen/passwort": "own",
    "/hilfe/tastatur": "own",
    "/postkorb": "list",
    "/postkorb/team/{code}": "list",
    "/postkorb/personen": "list",
    "/postkorb/vertretung/{user_id}": "list",
    "/postkorb/neu": "list",
    "/postkorb/e/{item_id}": "item",
    "/postkorb/e/{item_id}/weiterleiten": "item",
    "/postkorb/e/{item_id}/wiedervorlage": "item",
    "/postkorb/e/{item_id}/andere-akte": "item",
    "/postkorb/e/{item_id}/notiz": "item",
    "/postkorb/e/{item_id}/zuteilen": "led",
    "/postkorb/e/{item_id}/neue-akte": "unfiled",
    "/postkorb/e/{item_id}/zurueck": "unfiled",
    "/klaerung": "list",
    "/klaerung/{item_id}": "clearing",
    "/klaerung/{item_id}/akten": "item",
    "/klaerung/{item_id}/weiterleiten": "clearing",
    "/klaerung/{item_id}/neue-akte": "clearing",
    "/klaerung/{item_id}/kein-vorgang": "clearing",
    "/bg/{number}": "link",
    "/kunde/{customer}": "link",
    "/akte/{number}": "case",
    "/akte/{number}/notiz": "case",
    "/akte/{number}/wieder-oeffnen": "case",
    "/akte/{number}/zusammenfuehren": "case",
    "/akte/{number}/freigeben": "assignable",
    "/akte/{number}/freigabe-beenden": "assigned",
    "/akte/{number}/dokument/{n}": "filing",
    "/akte/{number}/dokument/{n}/pdf": "filing",
    "/akte/{number}/dokument/{n}/original": "filing",
    "/akte/{number}/dokument/{n}/notiz": "filing",
    "/suche": "list",
    "/poststelle": "list",
    "/poststelle/quarantaene": "list",
    "/poststelle/quarantaene/{entry_id}/beenden": "entry",
    "/barrierefreiheit": "open",
    "/pruefung": "list",
    "/pruefung/{mandate}": "list",
    "/pruefung/{mandate}/protokoll": "list",
    "/zugriffe": "list",
    "/zugriffe/neu": "own",
    "/zugriffe/{request_id}/entscheiden": "request",
    "/zugriffe/{request_id}": "log",
    "/{address:page_path}": "refused",
}
CHANGES: dict[tuple[str, str], str] = {
    ("PUT", "/api/v1/batches/{idempotency_key}"): "station",
    ("POST", "/api/v1/inbox/items/{item_id}/acts"): "item",
    ("POST", "/api/v1/inbox/undo"): "own",
    ("POST", "/api/v1/session"): "open",
    ("DELETE", "/api/v1/session"): "own",
    ("POST", "/anmelden"): "open",
    ("POST", "/abmelden"): "own",
    ("POST", "/einstellungen"): "own",
    ("POST", "/einstellungen/passwort"): "own",
    ("PUT", "/api/v1/password"): "own",
    ("POST", "/einstellungen/darstellung"): "own",
    ("POST", "/einstellungen/tasten"): "own",
    ("POST", "/postkorb/e/{item_id}/erledigt"): "item",
    ("POST", "/postkorb/e/{item_id}/zuweisen"): "item",
    ("POST", "/postkorb/e/{item_id}/weiterleiten"): "item",
    ("POST", "/postkorb/e/{item_id}/wiedervorlage"): "item",
    ("POST", "/postkorb/e/{item_id}/andere-akte"): "item",
    ("POST", "/postkorb/e/{item_id}/notiz"): "item",
    ("POST", "/postkorb/e/{item_id}/zuteilen"): "item",
    ("POST", "/postkorb/e/{item_id}/neue-akte"): "item",
    ("POST", "/postkorb/e/{item_id}/zurueck"): "item",
    ("POST", "/klaerung/{item_id}/halten"): "item",
    ("POST", "/klaerung/{item_id}/ablegen"): "clearing",
    ("POST", "/klaerung/{item_id}/zurueckstellen"): "clearing",
    ("POST", "/klaerung/{item_id}/weiterleiten"): "clearing",
    ("POST", "/klaerung/{item_id}/neue-akte"): "clearing",
    ("POST", "/klaerung/{item_id}/kein-vorgang"): "clearing",
    ("POST", "/poststelle/quarantaene/{entry_id}/beenden"): "entry",
    ("POST", "/poststelle/quarantaene/{entry_id}/nochmal"): "entry",
    ("POST", "/aktionen/{act_id}/zuruecknehmen"): "own",
    ("POST", "/akte/{number}/schliessen"): "case",
    ("POST", "/akte/{number}/wieder-oeffnen"): "case",
    ("POST", "/akte/{number}/zusammenfuehren"): "case",
    ("POST", "/akte/{number}/freigeben"): "assignable",
    ("POST", "/akte/{number}/freigabe-beenden"): "assigned",
    ("POST", "/akte/{number}/notiz"): "case",
    ("POST", "/akte/{number}/dokument/{n}/notiz"): "filing",
    ("POST", "/zugriffe/neu"): "own",
    ("POST", "/zugriffe/{request_id}/entscheiden"): "request",
    ("POST", "/{address:page_path}"): "refused",
}
FORMS = (
    "/notiz", "/weiterleiten", "/wiedervorlage", "/andere-akte", "/wieder-oeffnen", "/akten", "/neue-akte",
    "/zusammenfuehren", "/kein-vorgang",
)  # fmt: skip
# Answers that show contents of a record and therefore leave a look; the other pages are forms and lists of titles.
LOOKS = frozenset(
    path
    for path, kind in GET.items()
    if kind in ("document", "case", "filing", "item", "clearing", "log") and not path.endswith(FORMS)
)
GUARDS = (require_csrf, from_own_page)


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    """Every (method, path) that the application answers. HEAD is GET without bytes (`api.frame`)."""
    assert any(middleware.cls is Frame for middleware in app.user_middleware)
    return {(method, route.path) for route in _flat(app) for method in route.methods or () if method != "HEAD"}  # type: ignore[attr-defined]


def guarded(app: FastAPI) -> dict[tuple[str, str], bool]:
    """For every route that changes something whether it demands the session's token."""
    return {
        (method, route.path): any(one.call in GUARDS for one in route.dependant.dependencies)
        for route in _flat(app)
        if isinstance(route, APIRoute)
        for method in route.methods - {"GET", "HEAD"}
    }


def _flat(app: FastAPI) -> list[object]:
    found: list[object] = []
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        found += inner.routes if inner is not None else [route]
    return found
