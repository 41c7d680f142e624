"""From the mailroom's counts and open entries to its pages."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core.actor import Actor
from ingest import mailroom
from ingest.mailroom import BatchLine, DayBalance, OpenEntry
from web import views as v
from web.mapping_inbox import form, instant_words, time_words
from web.texts import Texts
from web.wording import date_words

BASE = "/poststelle"
OPEN = f"{BASE}/quarantaene"
DONE = ("filed", "ended")
WAYS = ("released", "rejected")
PAGE_SIZE = 50
FIRST_VERSION = 1  # an entry has two states, open and ended; the second post meets "ended already"


def board_page(
    session: Session,
    actor: Actor,
    balance: DayBalance,
    today: date,
    shown: str,
    error: str,
    texts: Texts,
    offset: int = 0,
) -> v.MailroomPage:
    """The board of a day; `shown` is the day as typed. The balance is the whole day's, the list a page of it."""
    heading = texts("raum.poststelle")
    day = balance.day
    counts = balance.counts
    batches = sorted(balance.batches, key=lambda line: not _troubled(line))  # problems first, else as they came
    start = _start(offset, len(batches))
    return v.MailroomPage(
        title=heading,
        heading=heading,
        tabs=tabs(session, actor, texts, board=True),
        day=shown,
        day_title=texts("poststelle.heute" if day == today else "poststelle.am", tag=date_words(day)),
        received=balance.received,
        parts=tuple(v.BalancePart(texts(f"poststelle.zustand.{state}"), counts[state]) for state in mailroom.STATES),
        difference=balance.difference,
        batches=tuple(_batch(line, texts) for line in batches[start : start + PAGE_SIZE]),
        previous=_day_link(day - timedelta(days=1), texts("poststelle.tag_davor")),
        following=_day_link(day + timedelta(days=1), texts("poststelle.tag_danach")) if day < today else None,
        error=error,
        empty=v.Empty(texts("poststelle.leer_titel"), texts("poststelle.leer_text")) if not batches else None,
        **_around(f"{BASE}?tag={date_words(day)}&", start, len(batches)),
    )


def quarantine_page(session: Session, actor: Actor, texts: Texts, offset: int = 0) -> v.QuarantinePage:
    """A page of the open entries, oldest first."""
    waiting = mailroom.open_count(session, actor)
    start = _start(offset, waiting)
    rows = tuple(_entry(one, texts) for one in mailroom.open_entries(session, actor, PAGE_SIZE, start))
    heading = texts("poststelle.quarantaene")
    empty = v.Empty(texts("poststelle.nichts_offen_titel"), texts("poststelle.nichts_offen_text"))
    return v.QuarantinePage(
        heading,
        heading,
        tabs(session, actor, texts, board=False),
        rows,
        empty if not rows else None,
        **_around(f"{OPEN}?", start, waiting),
    )


def end_form(entry: OpenEntry, texts: Texts, how: str = "", reason: str = "", error: str = "") -> v.FormPage:
    """What became of it, and why. Without a way chosen the error belongs to that question, else to the reason."""
    row = _entry(entry, texts)
    heading = texts("poststelle.beenden")
    ways = tuple(v.Option(code, texts(f"poststelle.wie.{code}"), code == how) for code in WAYS)
    return v.FormPage(
        title=heading,
        heading=heading,
        intro=f"{row.title}. {row.reason}",
        form=form(row.end_href, FIRST_VERSION),
        self_href=row.end_href,
        fields=(
            v.Field("wie", "radio", texts("poststelle.was_geschah"), error="" if how in WAYS else error, options=ways),
            v.Field(
                "grund",
                "textarea",
                texts("formular.grund"),
                reason,
                texts("poststelle.grund_hinweis"),
                error if how in WAYS else "",
            ),
        ),
        submit=heading,
        back=v.Link(OPEN, texts("formular.abbrechen")),
    )


def tabs(session: Session, actor: Actor, texts: Texts, *, board: bool) -> tuple[v.Tab, ...]:
    """The two pages of the mailroom."""
    waiting = mailroom.open_count(session, actor)
    return (
        v.Tab(BASE, texts("poststelle.tagesbericht"), board),
        v.Tab(OPEN, texts("poststelle.quarantaene"), not board, waiting),
    )


def _start(offset: int, total: int) -> int:
    """Where the page begins: as asked, or the last page when what was there has been ended meanwhile."""
    return min(offset, max(0, total - 1) // PAGE_SIZE * PAGE_SIZE)


def _around(address: str, start: int, total: int) -> dict[str, str | None]:
    """The pages before and after, with their view model's names."""
    before, after = max(0, start - PAGE_SIZE), start + PAGE_SIZE
    return {
        "previous_href": f"{address}ab={before}" if start else None,
        "next_href": f"{address}ab={after}" if after < total else None,
    }


def _troubled(line: BatchLine) -> bool:
    return bool(line.missing or line.counts["quarantined"] or line.counts["rejected"] or _sheets_differ(line))


def _sheets_differ(line: BatchLine) -> bool:
    told, pages = line.receipt.sheets_told, line.receipt.page_count
    return told is not None and pages is not None and pages < told


def _batch(line: BatchLine, texts: Texts) -> v.BatchRow:
    receipt = line.receipt
    pages = texts.number(receipt.page_count) if receipt.page_count is not None else "–"
    if receipt.sheets_told is not None:
        pages = texts("poststelle.seiten_gesagt", n=pages, m=texts.number(receipt.sheets_told))
    rest = [
        f"{texts.number(line.counts[state])} {texts(f'poststelle.zustand.{state}')}"
        for state in mailroom.STATES
        if state not in DONE and line.counts[state]
    ]
    return v.BatchRow(
        time=time_words(receipt.accepted_at),
        station=line.station or texts("poststelle.ohne_station"),
        pages=pages,
        items=line.items,
        rest=", ".join(rest) or texts("poststelle.alles_abgelegt"),
        badge=_badge(line, texts),
    )


def _badge(line: BatchLine, texts: Texts) -> v.Badge | None:
    if line.missing:
        return v.Badge("danger", texts.count("poststelle.fehlen", line.missing))
    if _sheets_differ(line):
        return v.Badge("warning", texts("poststelle.blattzahl"))
    return None


def _entry(entry: OpenEntry, texts: Texts) -> v.QuarantineRow:
    item, receipt = entry.item, entry.receipt
    title = texts("poststelle.ganzer_stapel") if item.item_no == 0 else texts("poststelle.sendung", n=item.item_no)
    station = entry.station or texts("poststelle.ohne_station")
    return v.QuarantineRow(
        entry_id=str(item.id),
        title=title,
        origin=texts("poststelle.herkunft", station=station, zeit=instant_words(receipt.accepted_at)),
        name=receipt.source_name or "",
        reason=" ".join(_sentence(str(one.get("text", ""))) for one in item.reasons),
        state=v.Badge(
            "warning" if item.state == "quarantined" else "danger", texts(f"poststelle.zustand.{item.state}")
        ),
        retry=form(_address(item.id, "nochmal"), FIRST_VERSION),
        end_href=_address(item.id, "beenden"),
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) or not text else f"{text}."


def _address(entry_id: UUID, what: str) -> str:
    return f"{OPEN}/{entry_id}/{what}"


def _day_link(day: date, words: str) -> v.Link:
    return v.Link(f"{BASE}?tag={date_words(day)}", words)
