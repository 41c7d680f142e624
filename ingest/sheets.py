"""Payloads of our separator sheets: `EA1|FIELD=value|…`. Pure. Other contents (postage, shops) are never sheets."""

from __future__ import annotations

from dataclasses import dataclass, field

PREFIX = "EA1"
PATCH_TEXT = "PATCHT"
LONGEST = 80
"""Characters of a field; a batch's id is kept in a column of this width."""
FIELDS = frozenset({"CASE", "DOC", "KEY", "UNIT", "BATCH", "SHEETS"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A separator's fields. `faults` (unknown, doubled or endless fields, a number that is none) send the item to
    clearing.
    """

    fields: dict[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    @property
    def is_batch(self) -> bool:
        """Whether the sheet describes the batch: its id, or how many sheets are in it."""
        return "BATCH" in self.fields or "SHEETS" in self.fields


def parse_sheet(payload: str) -> Sheet | None:
    """The sheet that a barcode's text spells; None when it is not one of ours. Total on any text."""
    text = payload.strip()
    if text == PATCH_TEXT:
        return Sheet()
    head, *parts = text.split("|")
    if head != PREFIX or not parts:
        return None
    fields: dict[str, str] = {}
    faults: list[str] = []
    for part in parts:
        name, equals, value = part.partition("=")
        if name == "SEP" and not equals:
            continue
        if name not in FIELDS or not equals:
            faults.append(name[:20])
        elif name in fields or not _fits(name, value):
            faults.append(name)
        else:
            fields[name] = value.strip()
    return Sheet(fields, tuple(faults))


def _fits(name: str, value: str) -> bool:
    if name == "SHEETS":
        return value.isascii() and value.isdigit() and len(value) < 6
    return len(value) <= LONGEST
