"""From page marks to mail items. Pure. I1: every page ends in exactly one item, or is a sheet or its blank back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.sheets import Sheet


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A page of a receipt: its sheet if it is one, and whether it is blank."""

    page_no: int
    sheet: Sheet | None = None
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A mail item: its pages in order, and the fields of the sheet before it."""

    pages: tuple[int, ...]
    fields: dict[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    blanks: int = 0


@dataclass(frozen=True, slots=True)
class Split:
    """Items, sheets, blank backs of sheets, the batch's own fields, and whether the sheets told were not found.

    `batch_faults`: the front sheet is faulty, which concerns every item. `only_sheets`: there is no letter at all.
    """

    items: tuple[Item, ...]
    sheets: tuple[int, ...]
    backs: tuple[int, ...]
    batch: dict[str, str]
    sheet_count_differs: bool
    batch_faults: tuple[str, ...] = ()
    only_sheets: bool = False


def split_pages(pages: Sequence[MarkedPage], sheets_told: int | None = None) -> Split:
    """Cut at every sheet. An item without pages does not exist; a blank page right after a sheet is its back.

    The number told (`EA1|…SHEETS=` of the batch, else `sheets_told`) counts physical sheets without separators: it
    agrees with n pages, or with 2n pages of a duplex scan that holds blanks.
    """
    items: list[Item] = []
    sheets: list[int] = []
    backs: list[int] = []
    front: Sheet | None = None
    current: list[MarkedPage] = []
    sheet = Sheet()

    def close() -> None:
        if current:
            numbers = tuple(page.page_no for page in current)
            fields = {name: value for name, value in sheet.fields.items() if name not in ("BATCH", "SHEETS")}
            items.append(Item(numbers, fields, sheet.faults, sum(page.blank for page in current)))
            current.clear()

    for index, page in enumerate(pages):
        if page.sheet is not None:
            close()
            sheets.append(page.page_no)
            sheet = page.sheet
            if sheet.is_batch and front is None and not items:
                front = sheet
        elif page.blank and index and pages[index - 1].sheet is not None:
            backs.append(page.page_no)
        else:
            current.append(page)
    close()
    batch, faults = (dict(front.fields), front.faults) if front else ({}, ())
    told = int(batch["SHEETS"]) if "SHEETS" in batch else sheets_told
    return Split(tuple(items), tuple(sheets), tuple(backs), batch, _differs(items, told), faults)


def _differs(items: Sequence[Item], told: int | None) -> bool:
    if told is None:
        return False
    pages = sum(len(item.pages) for item in items)
    return pages not in (told, 2 * told)
