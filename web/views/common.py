"""Parts that several pages share: the frame, forms, badges, the page image with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Theme = Literal["system", "light", "dark"]
Verdict = Literal["agrees", "partly", "against", "open"]
BadgeKind = Literal["danger", "warning", "info", "success"]


@dataclass(frozen=True, slots=True)
class Link:
    """An address of this application and the words that lead there."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab with its own address. `count` None shows no number; `urgent` is heard after the number."""

    href: str
    text: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of a select or a group of radio buttons. `group` starts an optgroup when it differs from the last."""

    value: str
    text: str
    selected: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """A deadline or a block: the only two things that get a colour."""

    kind: BadgeKind
    text: str


@dataclass(frozen=True, slots=True)
class ActionForm:
    """A command that changes something: where it is posted and which state it was offered for.

    `version` is the version of the object on the page (409 when it is no longer the current one). `idempotency` is new
    for each rendering: the same key posted twice is done once. The CSRF token comes from the Shell.
    """

    url: str
    version: int
    idempotency: str


@dataclass(frozen=True, slots=True)
class Toast:
    """What was just done, in the words of the button, and the way back (None = cannot be taken back)."""

    text: str
    undo: ActionForm | None = None


@dataclass(frozen=True, slots=True)
class Empty:
    """An empty place says why it is empty and what comes next."""

    title: str
    text: str
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """One line of a cover: term, words, and at most one badge before them and one link after."""

    term: str
    text: str
    badge: Badge | None = None
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class NavItem:
    """A room in the top bar. Only rooms of the user's own roles are listed."""

    key: str
    href: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame around every page: who, where, how it looks.

    `user_name` None = nobody is logged in (log-in and error pages): no rooms, no search, no forms but the page's own.
    `csrf` is the token of the session, or of the log-in form before there is one.
    """

    agency: str
    csrf: str
    user_name: str | None = None
    nav: tuple[NavItem, ...] = ()
    language: str = "de"
    theme: Theme = "system"
    keys_on: bool = True
    query: str = ""
    may_search: bool = True
    toast: Toast | None = None


@dataclass(frozen=True, slots=True)
class PageImage:
    """The rendered image of one page. `width` and `height` are the units in which evidence boxes are given, upright."""

    href: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class EvidenceBox:
    """A numbered place on a page: box = (x0, y0, x1, y1) in units of `image`. `crop` shows it beside the question.

    `label` is what was read there, for people who do not see the crop.
    """

    number: int
    page: int
    box: tuple[int, int, int, int]
    image: PageImage
    label: str
    crop: bool = True


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One sentence for or against a case, with the number of its box when it has a place on the page."""

    verdict: Verdict
    text: str
    box: int | None = None


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of one page as paragraphs; words the engine doubted are marked by the second value of each piece."""

    number: int
    paragraphs: tuple[tuple[tuple[str, bool], ...], ...]


@dataclass(frozen=True, slots=True)
class Thumb:
    """A small picture of a page that leads to the page."""

    number: int
    href: str
    image_href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class PageView:
    """The viewer: one page as image with marks, or the text of all pages (`text` not None).

    `self_href` is the address of this view; page, text and image addresses are siblings of it with `?seite=n` and
    `&ansicht=text`. `boxes` are those of this page only. `image` None with `text` None: the image could not be made;
    `problem` says so.
    """

    title: str
    number: int
    count: int
    self_href: str
    image: PageImage | None = None
    boxes: tuple[EvidenceBox, ...] = ()
    previous_href: str | None = None
    next_href: str | None = None
    text_href: str | None = None
    image_href: str | None = None
    text: tuple[PageText, ...] | None = None
    thumbs: tuple[Thumb, ...] = ()
    problem: str = ""
