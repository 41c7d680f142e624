"""Renders a view model: Jinja2 with autoescape, the frame, the texts, and the headers that every page carries.

`render` gives the whole page, `render_fragment` the part of it that htmx asked for: the same address serves both
(CONCEPT §2), so answers vary on HX-Request and HX-Target. Nothing here reads a database or decides a right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, Protocol

import jinja2

from api.frame import SECURITY_HEADERS
from web.texts import load_texts
from web.views.common import Shell
from web.wording import clip_box

STATIC = Path(__file__).resolve().parent / "static"

# The frame of every answer, but a page may be kept by the browser that asks again before showing it.
HEADERS: Mapping[str, str] = {
    **SECURITY_HEADERS,
    "Cache-Control": "private, no-cache",
    "Vary": "HX-Request, HX-Target, Cookie",
}

# id of the element on the page that is filled -> template of its content
FRAGMENTS: Mapping[str, str] = {
    "vorschau": "_vorschau.html",
    "liste-bereich": "_liste.html",
    "blatt": "_blatt.html",
    "fall": "_fall.html",
    "neu": "_neu.html",
    "akten": "_akten.html",
    "meldung": "_meldung.html",
    "dialog-meldung": "_meldung.html",
    "dialog-inhalt": "_dialog.html",
    "treffer": "_treffer.html",
}


class Page(Protocol):
    """A view model that is a page of its own."""

    template: ClassVar[str]
    panes: ClassVar[bool]

    @property
    def title(self) -> str:
        """Words before „– E-Akte" in the title of the window."""
        ...


def render(page: Page, shell: Shell) -> str:
    """The whole page as HTML."""
    return environment().get_template(page.template).render(context(page, shell))


def render_answer(answer: Any, shell: Shell) -> str:
    """The answer to a posted command for htmx: message, counts and what comes next (an `Answer`)."""
    return environment().get_template(answer.template).render(context(answer, shell))


def render_fragment(target: str, page: Any, shell: Shell) -> str:
    """The content of the element `target` of a page. Raises KeyError for a target that is no fragment."""
    return environment().get_template(FRAGMENTS[target]).render(context(page, shell))


def fragment_target(headers: Mapping[str, str]) -> str | None:
    """The id of the element htmx wants filled, or None when the whole page is wanted.

    htmx 4 sends `HX-Target: section#vorschau`. An unknown target gets the whole page, never an error.
    """
    if headers.get("HX-Request", headers.get("hx-request")) != "true":
        return None
    target = headers.get("HX-Target", headers.get("hx-target", "")).partition("#")[2]
    return target if target in FRAGMENTS else None


def context(page: Any, shell: Shell) -> dict[str, Any]:
    """What every template sees: page, shell, the texts and the helpers."""
    texts = load_texts(shell.language)
    return {"page": page, "shell": shell, "t": texts, "tn": texts.count, "zahl": texts.number}


@cache
def environment() -> jinja2.Environment:
    """The template environment: autoescape for everything, an undefined name is an error."""
    templates = str(resources.files("web").joinpath("templates"))
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(asset=asset, clip_box=clip_box)
    return made


@cache
def asset(name: str) -> str:
    """Address of a file in `static/` with a mark of its content, so that it may be cached for a year.

    A file that `python -m web.assets` has not made yet gets an address without mark: the page works without it.
    """
    path = STATIC / name
    if not path.is_file():
        return f"/static/{name}"
    return f"/static/{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
