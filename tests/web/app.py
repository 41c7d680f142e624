"""A throw-away application over the sample view models with a small state in memory: the routes of docs/web-routes.md
as far as the browser tests need them. It decides nothing that a real service would; it shows that the pages hold."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from tests.web import samples
from web import rendering
from web import views as v

PAGES = Path(__file__).parent / "pages"
Headers = dict[str, str]


@dataclass
class State:
    """What the tests look at afterwards."""

    gone: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=lambda: ["c1", "c2", "c3"])
    filed: list[tuple[str, str, str]] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    undone: int = 0
    keys_on: bool = True
    theme: str = "system"
    stale: set[str] = field(default_factory=set)
    logged_in: bool = True
    csrf: str = "token-1"
    prefetched: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


LETTERS: dict[str, Callable[[], v.ClearingLetter]] = {
    "c1": samples.sure_letter,
    "c2": samples.tie_letter,
    "c3": samples.unknown_letter,
}


def make_app() -> tuple[FastAPI, State]:
    """The application and the state behind it."""
    app, state = FastAPI(), State()
    app.mount("/static", StaticFiles(directory=rendering.STATIC))

    def shell(room: str = "postkorb", toast: v.Toast | None = None) -> v.Shell:
        return samples.shell(room, toast=toast, keys_on=state.keys_on, theme=state.theme, csrf=state.csrf)

    def page(request: Request, model: object, sh: v.Shell, status: int = 200) -> HTMLResponse:
        target = rendering.fragment_target(request.headers)
        html = rendering.render_fragment(target, model, sh) if target else rendering.render(model, sh)  # type: ignore[arg-type]
        return HTMLResponse(html, status, headers=dict(rendering.HEADERS))

    def is_htmx(request: Request) -> bool:
        return request.headers.get("HX-Request") == "true"

    def answer(request: Request, value: v.Answer, room: str) -> Response:
        if is_htmx(request):
            return HTMLResponse(rendering.render_answer(value, shell(room)), headers=dict(rendering.HEADERS))
        return RedirectResponse(value.next_href, 303)

    def refuse(request: Request, csrf: str, item: str) -> Response | None:
        if not state.logged_in:
            login = replace(samples.LOGIN, notice=samples.T("anmelden.abgelaufen"))
            html = rendering.render_fragment("dialog-inhalt", login, shell())
            return HTMLResponse(html, 401, headers=dict(rendering.HEADERS))
        if csrf != state.csrf:
            html = rendering.render_fragment("meldung", samples.error_page(403), shell())
            return HTMLResponse(html, 403, headers=dict(rendering.HEADERS))
        if item in state.stale:
            if is_htmx(request):
                html = rendering.render_fragment("meldung", samples.CONFLICT, shell())
                return HTMLResponse(html, 409, headers=dict(rendering.HEADERS))
            return HTMLResponse(rendering.render(samples.CONFLICT, shell()), 409, headers=dict(rendering.HEADERS))
        return None

    def inbox(current: str | None) -> v.PostkorbPage:
        gone = frozenset(state.gone)
        left = [letter[0] for letter in samples.LETTERS if letter[0] not in gone]
        chosen = current if current in left else (left[0] if left else None)
        return samples.postkorb(chosen, gone)

    def undo_form(number: int) -> v.ActionForm:
        return samples.form(f"/aktionen/{number}/zuruecknehmen", 1, f"u-{number}")

    def clearing(item: str | None) -> v.ClearingPage:
        chosen = item if item in state.letters else (state.letters[0] if state.letters else None)
        letter = LETTERS[chosen]() if chosen else None
        return samples.clearing(letter, 44 + len(state.letters), 268 - len(state.letters))

    @app.get("/postkorb")
    def get_inbox(request: Request, getan: int = 0) -> Response:
        toast = v.Toast("Erledigt.", undo_form(getan)) if getan else None
        return page(request, inbox(None), shell(toast=toast))

    @app.get("/postkorb/neu")
    def get_new(request: Request) -> Response:
        return page(request, inbox(None), shell())

    @app.get("/postkorb/e/{item}")
    def get_item(request: Request, item: str, ansicht: str = "bild", seite: int = 1) -> Response:
        model = inbox(item)
        assert model.preview
        view = model.preview.page
        if ansicht == "text":
            view = samples.text_view(view.title, view.self_href)
        if seite == 2:
            view = replace(view, number=2, previous_href=f"{view.self_href}?seite=1", next_href=None)
        return page(request, replace(model, preview=replace(model.preview, page=view)), shell())

    @app.get("/postkorb/e/{item}/{action}")
    def get_form(request: Request, item: str, action: str) -> Response:
        if action == "zuweisen":
            return page(request, samples.error_page(404), shell(), 404)
        return page(request, samples.form_page(action), shell())

    @app.post("/postkorb/e/{item}/erledigt")
    def post_done(
        request: Request, item: str, csrf: Annotated[str, Form()], kennung: Annotated[str, Form()]
    ) -> Response:
        if refused := refuse(request, csrf, item):
            return refused
        state.posted.append(kennung)
        state.gone.append(item)
        left = len(samples.LETTERS) - len(state.gone)
        toast = v.Toast(f"Erledigt: {samples.preview(item).title}.", undo_form(len(state.posted)))
        counts = (("postkorb", left), ("reiter", left))
        return answer(
            request, v.Answer(toast, f"/postkorb?getan={len(state.posted)}", counts, gone=(item,)), "postkorb"
        )

    @app.post("/postkorb/e/{item}/{action}")
    def post_form(
        request: Request,
        item: str,
        action: str,
        csrf: Annotated[str, Form()],
        tag: Annotated[str, Form()] = "",
        akte: Annotated[str, Form()] = "",
    ) -> Response:
        if refused := refuse(request, csrf, item):
            return refused
        wrong = (action == "wiedervorlage" and tag.endswith("2020")) or (action == "andere-akte" and not akte)
        if wrong:
            model = samples.form_page(action, True)
            html = (
                rendering.render_fragment("dialog-inhalt", model, shell())
                if is_htmx(request)
                else rendering.render(model, shell())
            )
            return HTMLResponse(html, 422, headers=dict(rendering.HEADERS))
        state.posted.append(action)
        gone = () if action == "notiz" else (item,)
        state.gone.extend(gone)
        toast = v.Toast(f"{action} getan.", undo_form(len(state.posted)))
        return answer(request, v.Answer(toast, f"/postkorb?getan={len(state.posted)}", gone=gone), "postkorb")

    @app.post("/aktionen/{number}/zuruecknehmen")
    def post_undo(request: Request, number: int, csrf: Annotated[str, Form()]) -> Response:
        if refused := refuse(request, csrf, ""):
            return refused
        state.undone += 1
        if state.gone and "klaerung" not in request.headers.get("HX-Current-URL", ""):
            item = state.gone.pop()
            left = len(samples.LETTERS) - len(state.gone)
            return answer(
                request,
                v.Answer(
                    v.Toast("Zurückgenommen."),
                    f"/postkorb/e/{item}",
                    (("postkorb", left), ("reiter", left)),
                    back=(item,),
                ),
                "postkorb",
            )
        item = state.filed.pop()[0]
        state.letters.insert(0, item)
        return answer(
            request,
            v.Answer(v.Toast("Ablage zurückgenommen."), f"/klaerung/{item}", clearing=clearing(item)),
            "klaerung",
        )

    @app.get("/klaerung")
    @app.get("/klaerung/{item}")
    def get_clearing(
        request: Request,
        item: str | None = None,
        getan: int = 0,
        akte_suche: str = "",
        seite: int = 1,
        ansicht: str = "bild",
    ) -> Response:
        model = clearing(item)
        toast = v.Toast("Abgelegt.", undo_form(getan)) if getan else None
        if model.letter and akte_suche:
            found = tuple(
                v.CandidateCard(h.value, h.name, h.file_number, h.detail, h.catalogue) for h in samples.hits(akte_suche)
            )
            model = replace(
                model, letter=replace(model.letter, candidates=model.letter.candidates + found, case_query=akte_suche)
            )
        if model.letter and ansicht == "text":
            model = replace(
                model, letter=replace(model.letter, page=samples.text_view("Brief", model.letter.self_href))
            )
        return page(request, model, shell("klaerung", toast))

    @app.get("/klaerung/{item}/akten")
    def get_cases(request: Request, item: str, q: str) -> Response:
        html = rendering.render_fragment("akten", v.CaseHits(q, samples.hits(q)), shell())
        return HTMLResponse(html, headers=dict(rendering.HEADERS))

    @app.get("/klaerung/{item}/{action}")
    def get_clearing_form(request: Request, item: str, action: str) -> Response:
        return page(request, samples.form_page(action), shell("klaerung"))

    @app.post("/klaerung/{item}/ablegen")
    def post_file(
        request: Request,
        item: str,
        csrf: Annotated[str, Form()],
        kennung: Annotated[str, Form()],
        art: Annotated[str, Form()],
        schlagwort: Annotated[str, Form()],
        akte: Annotated[str, Form()] = "",
    ) -> Response:
        if refused := refuse(request, csrf, item):
            return refused
        if not akte:
            model = samples.clearing(replace(LETTERS[item](), errors=v.ClearingErrors(samples.T("klaerung.erst_akte"))))
            html = (
                rendering.render_fragment("fall", model, shell())
                if is_htmx(request)
                else rendering.render(model, shell())
            )
            return HTMLResponse(html, 422, headers=dict(rendering.HEADERS))
        with state.lock:
            state.posted.append(kennung)
            state.filed.append((item, akte, f"{art} {schlagwort}"))
            state.letters.remove(item)
        toast = v.Toast("Abgelegt in Akte Kowalczyk, Anna.", undo_form(len(state.posted)))
        following = clearing(None)
        href = following.letter.self_href if following.letter else "/klaerung"
        return answer(
            request,
            v.Answer(
                toast, f"{href}?getan={len(state.posted)}", (("klaerung", following.open_count),), clearing=following
            ),
            "klaerung",
        )

    @app.post("/klaerung/{item}/zurueckstellen")
    def post_postpone(request: Request, item: str, csrf: Annotated[str, Form()]) -> Response:
        if refused := refuse(request, csrf, item):
            return refused
        state.letters.remove(item)
        state.filed.append((item, "zurueckgestellt", ""))
        return answer(
            request,
            v.Answer(v.Toast("Zurückgestellt.", undo_form(1)), "/klaerung", clearing=clearing(None)),
            "klaerung",
        )

    @app.get("/bild/{name}")
    def get_image(request: Request, name: str) -> Response:
        if request.headers.get("X-EA-Vorab"):
            state.prefetched += 1
        return FileResponse(PAGES / name, media_type="image/svg+xml", headers={"Cache-Control": "private, no-cache"})

    @app.get("/muster/{name}")
    def get_sample(name: str, thema: v.Theme = "light") -> Response:
        model, sh = samples.ALL[name]
        html = rendering.render(model, replace(sh, theme=thema))  # type: ignore[arg-type]
        return HTMLResponse(html, headers=dict(rendering.HEADERS))

    @app.get("/suche")
    def get_search(request: Request, q: str = "") -> Response:
        return page(request, samples.search_page("found" if q else "start"), shell("akten"))

    @app.get("/akte/{number}")
    def get_case(request: Request, number: str) -> Response:
        return page(request, samples.case_page(), shell("akten"))

    @app.get("/akte/{number}/dokument/{n}")
    def get_document(request: Request, number: str, n: int) -> Response:
        return page(request, samples.document_page(), shell("akten"))

    @app.get("/hilfe/tastatur")
    def get_help(request: Request) -> Response:
        return page(request, samples.HELP, shell(""))

    @app.post("/einstellungen/tasten")
    def post_keys(tasten: Annotated[str, Form()] = "") -> Response:
        state.keys_on = tasten == "an"
        return RedirectResponse("/einstellungen", 303)

    @app.post("/einstellungen/darstellung")
    def post_theme(darstellung: Annotated[str, Form()]) -> Response:
        state.theme = darstellung
        return RedirectResponse("/postkorb", 303)

    @app.post("/anmelden")
    def post_login(request: Request, kennwort: Annotated[str, Form()] = "") -> Response:
        if kennwort != "richtig":
            login = replace(samples.LOGIN, problem=samples.T("anmelden.falsch"))
            html = (
                rendering.render_fragment("dialog-inhalt", login, shell())
                if is_htmx(request)
                else rendering.render(login, samples.LOGGED_OUT)
            )
            return HTMLResponse(html, 401, headers=dict(rendering.HEADERS))
        state.logged_in, state.csrf = True, "token-2"
        if is_htmx(request):
            return Response(headers={"HX-Trigger": '{"ea:angemeldet": {"csrf": "token-2"}}'})
        return RedirectResponse("/postkorb", 303)

    return app, state
