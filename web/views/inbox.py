"""Postkorb: what must I do, in which order?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from web.views.common import ActionForm, Badge, Empty, Link, Option, PageView, Tab


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One letter in the list. `taken_by` is the sentence shown once somebody else has it; the row keeps its place.

    `lies_with` names the person in whose inbox it lies, where a list shows those of several people.
    """

    item_id: str
    href: str
    title: str
    case_name: str
    case_number: str
    sender: str
    received: str
    deadline: Badge | None = None
    is_new: bool = False
    current: bool = False
    taken_by: str | None = None
    lies_with: str = ""


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """Order and selection, sent by GET to the address of the list: `sortierung`, `art`, `text`, and `person` if any."""

    action: str
    orders: tuple[Option, ...]
    types: tuple[Option, ...]
    text: str = ""
    people: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A note on the letter: who, when, what."""

    author: str
    written: str
    text: str


@dataclass(frozen=True, slots=True)
class NewMail:
    """Asked every 20 seconds: letters that arrived since the list was drawn. They are shown only on demand."""

    poll_href: str
    count: int
    since: str
    show_href: str
    open_count: int


@dataclass(frozen=True, slots=True)
class ItemPreview:
    """The letter beside the list. `done` and `take` act at once and can be undone; the `*_href` open a short form.

    `assign_href` is for team leads; `new_case_href` and `give_back_href` for a letter that lies in no case yet.
    """

    item_id: str
    self_href: str
    title: str
    meta: str
    page: PageView
    case: Link | None = None
    why: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    done: ActionForm | None = None
    take: ActionForm | None = None
    forward_href: str | None = None
    follow_up_href: str | None = None
    assign_href: str | None = None
    other_case_href: str | None = None
    new_case_href: str | None = None
    give_back_href: str | None = None
    note_href: str | None = None
    document_href: str | None = None


@dataclass(frozen=True, slots=True)
class PostkorbPage:
    """A personal, team or deputy's Postkorb, or those of the people of a lead.

    `heading` names whom one acts for („Postkorb, Vertretung für …").
    """

    title: str
    heading: str
    list_title: str
    tabs: tuple[Tab, ...]
    filter: InboxFilter
    rows: tuple[InboxRow, ...]
    preview: ItemPreview | None = None
    empty: Empty | None = None
    new_mail: NewMail | None = None
    more_href: str | None = None

    template: ClassVar[str] = "postkorb.html"
    panes: ClassVar[bool] = True
