"""Pure helpers that turn dates, boxes and file numbers into what a page shows. No clock: today is a parameter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from web.texts import Texts
from web.views.common import Badge

Box = tuple[int, int, int, int]
WARN_DAYS = 14
URGENT_DAYS = 1


def date_words(day: date) -> str:
    """20.11.2026."""
    return f"{day.day:02d}.{day.month:02d}.{day.year:04d}"


def day_words(day: date, today: date, texts: Texts) -> str:
    """„heute", „gestern", „20.11." in the current year, else the full date."""
    if day == today:
        return texts("tag.heute")
    if day == today - timedelta(days=1):
        return texts("tag.gestern")
    return f"{day.day:02d}.{day.month:02d}." if day.year == today.year else date_words(day)


def deadline_badge(due_on: date | None, today: date, texts: Texts) -> Badge | None:
    """The badge of a deadline: overdue, today and tomorrow red, up to 14 days yellow, later none (no deadline: none).

    Counts calendar days; which day is the last one (§ 26 SGB X) is decided where the deadline is computed.
    """
    if due_on is None:
        return None
    days = (due_on - today).days
    if days < 0:
        return Badge("danger", texts.count("frist.ueber", -days))
    if days <= URGENT_DAYS:
        return Badge("danger", texts("frist.heute" if days == 0 else "frist.morgen"))
    return Badge("warning", texts.count("frist.in", days)) if days <= WARN_DAYS else None


def period_title(day: date, today: date, texts: Texts) -> str:
    """Heading of a group in a list that has the newest first: this week, last week, earlier this month, the month."""
    monday = today - timedelta(days=today.weekday())
    if day >= monday:
        return texts("zeit.diese_woche")
    if day >= monday - timedelta(days=7):
        return texts("zeit.letzte_woche")
    month = texts(f"monat.{day.month}")
    if (day.year, day.month) == (today.year, today.month):
        return texts("zeit.frueher_im", monat=month)
    return f"{month} {day.year}"


def sheet_range(first: int, count: int) -> str:
    """„483" for one sheet, „483–485" for three."""
    return str(first) if count <= 1 else f"{first}–{first + count - 1}"


def path_number(file_number: str) -> str:
    """A file number as it stands in a path: proxies fold `//`, so slashes become a hyphen. The register resolves it."""
    return re.sub(r"/+", "-", file_number.strip())


def turn_box(box: Box, width: int, height: int, rotation: int) -> Box:
    """A box of the raw scan (`width` x `height` pixels) after a clockwise turn of the page by 0, 90, 180 or 270°.

    Evidence keeps its place in pixels of the raw image; the viewer shows the page upright. Raises ValueError for other
    angles. Four quarter turns give the box back.
    """
    x0, y0, x1, y1 = box
    if rotation == 0:
        return box
    if rotation == 90:
        return (height - y1, x0, height - y0, x1)
    if rotation == 180:
        return (width - x1, height - y1, width - x0, height - y0)
    if rotation == 270:
        return (y0, width - x1, y1, width - x0)
    raise ValueError(f"rotation {rotation} is no quarter turn")


def clip_box(box: Box, width: int, height: int, margin: int = 0) -> Box:
    """The box with a margin, kept inside the page and at least one unit wide and high: safe as a viewBox."""
    x0, y0 = max(0, min(box[0] - margin, width - 1)), max(0, min(box[1] - margin, height - 1))
    x1, y1 = max(x0 + 1, min(box[2] + margin, width)), max(y0 + 1, min(box[3] + margin, height))
    return (x0, y0, x1, y1)


# Which rooms a role may enter, in the order of the top bar. Roles of INTERFACES that have no page yet see only
# their own settings. This is navigation only: what a person may see and do is decided by the services, not here.
ROOMS: dict[str, tuple[str, frozenset[str]]] = {
    "postkorb": ("/postkorb", frozenset({"caseworker", "team_lead"})),
    "klaerung": ("/klaerung", frozenset({"clearing"})),
    "akten": ("/suche", frozenset({"caseworker", "team_lead"})),
    "poststelle": ("/poststelle", frozenset({"mailroom", "clearing"})),
    "pruefung": ("/pruefung", frozenset({"auditor"})),
    "zugriffe": ("/zugriffe", frozenset({"data_protection", "records_manager"})),
}


def rooms_of(roles: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """(key, address) of the rooms of these roles."""
    own = frozenset(roles)
    return tuple((key, href) for key, (href, needed) in ROOMS.items() if own & needed)


def home_of(roles: Iterable[str]) -> str:
    """Where log-in leads: the first room, else the settings."""
    rooms = rooms_of(roles)
    return rooms[0][1] if rooms else "/einstellungen"


def safe_next(path: str) -> str:
    """The path to go to after log-in: only a path of this application, anything else becomes "/" (no open redirect)."""
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if plain and path.isprintable() else "/"
