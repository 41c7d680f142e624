"""What `eakte init` takes: the YAML form of an organisation, read as typed entries or refused with every fault at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.actor import Role
from core.errors import InvalidInput
from core.yaml_data import UNREADABLE, load_yaml

Code = Annotated[str, Field(min_length=1, max_length=40)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Letters = Annotated[str, Field(pattern=r"^[^\W\d_]+(-[^\W\d_]+)?$")]
"""First letters of family names: "A-K", "SCH"; both ends belong to it."""


class _Entry(BaseModel):
    """Further fields (remarks, titles of functions) are let through; a number stands for its digits."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True, frozen=True)


class Authority(_Entry):
    """The agency itself."""

    code: Code
    name: Name


class Function(_Entry):
    """What somebody does, and the roles that go with it."""

    code: Code
    system_roles: list[Role]


class Unit(_Entry):
    """A unit; one that is left out of the demo (`demo: false`) is there and not active, as are those below it."""

    code: Code
    title: Name
    kind: Annotated[str, Field(min_length=1, max_length=20)]
    parent: Code | None = None
    file_types: list[str] = []
    places: list[str] = []
    demo: bool = True


class Post(_Entry):
    """A position with the person who holds it; `valid_days`: roles that end so many days after loading."""

    code: Code
    function: Code
    unit: Code
    name: Name
    user: Annotated[str, Field(min_length=1, max_length=60)]
    ranges: list[Letters] = []
    deputy: Code | None = None
    valid_days: int | None = None


class Part(_Entry):
    """The letters that a partial absence gives to one deputy."""

    ranges: list[Letters]
    deputy: Code | None = None


class Away(_Entry):
    """An absence from a day to a day (both included), without an end where `until` is empty."""

    position: Code
    starts_on: date = Field(alias="from")
    until: date | None = None
    kind: Annotated[str, Field(max_length=10)]
    partial: Part | None = None


class Organisation(_Entry):
    """The whole file. `units` may stand in any order."""

    authority: Authority
    functions: list[Function]
    units: list[Unit]
    positions: list[Post]
    absence_examples: list[Away] = []


def read_organisation(raw: bytes) -> Any:
    """What stands in the file, not yet judged. Raises InvalidInput when it is no YAML."""
    try:
        return load_yaml(raw)
    except UNREADABLE as error:
        place = getattr(error, "problem_mark", None)
        where = f" (Zeile {place.line + 1})" if place else ""
        raise _refused([f"Die Datei ist kein lesbares YAML{where}."]) from error


def judge(data: Any) -> Organisation:
    """The organisation in the data. Raises InvalidInput with every fault."""
    try:
        read = Organisation.model_validate(data)
    except ValidationError as error:
        raise _refused([_sentence(data, one) for one in error.errors(include_url=False)]) from error
    if faults := [*_twice(read), *_missing(read), *_circles(read.units)]:
        raise _refused(faults)
    return read


def from_the_top(units: Sequence[Unit]) -> Iterator[Unit]:
    """Every unit after the one above it. Raises CycleError."""
    known = {unit.code: unit for unit in units}
    above = {unit.code: [unit.parent] if unit.parent and unit.parent in known else [] for unit in units}
    return (known[code] for code in TopologicalSorter(above).static_order())


def _refused(faults: Sequence[str]) -> InvalidInput:
    count = "Ein" if len(faults) == 1 else str(len(faults))
    return InvalidInput(
        f"Nichts wurde übernommen. {count} Fehler in der Organisation. Berichtigen Sie die Datei, dann noch einmal.",
        f"Nothing was taken over. Faults in the organisation file: {len(faults)}. Correct it and call again.",
        faults=faults,
    )


_WRONG = {
    "missing": "fehlt", "string_type": "ist kein Text", "list_type": "ist keine Liste", "int_parsing": "ist keine Zahl",
    "model_type": "hat keine benannten Felder", "enum": "ist keine bekannte Rolle", "string_too_short": "ist leer",
    "string_too_long": "ist zu lang", "string_pattern_mismatch": "ist kein Buchstabenbereich wie A-K",
    "bool_parsing": "ist weder true noch false",
}  # fmt: skip


def _sentence(data: Any, fault: Mapping[str, Any]) -> str:
    section, *inner = fault["loc"] or ("",)
    kind = str(fault["type"])
    wrong = "ist kein Datum" if kind.startswith("date") else _WRONG.get(kind, "ist so nicht möglich")
    if not section:
        return "Die Datei enthält keine Organisation."
    if not inner:
        return f"Der Abschnitt „{section}“ {wrong}."
    nested = (f"Nr. {part + 1}" if isinstance(part, int) else f"„{part}“" for part in inner[1:])
    return f"Abschnitt „{section}“, {', '.join([_place(data[section], inner[0]), *nested])} {wrong}."


def _place(entries: Any, part: int | str) -> str:
    """A field by its name, an entry of a list by its number, and its code where it has one."""
    if isinstance(part, str):
        return f"„{part}“"
    code = entries[part].get("code") if isinstance(entries[part], Mapping) else None
    return f"Eintrag {part + 1} ({code})" if code else f"Eintrag {part + 1}"


def _twice(read: Organisation) -> Iterator[str]:
    lists: dict[str, Iterable[Function | Unit | Post]] = {
        "Funktion": read.functions, "Einheit": read.units, "Stelle": read.positions,
    }  # fmt: skip
    for what, entries in lists.items():
        for code, count in Counter(entry.code for entry in entries).items():
            if count > 1:
                yield f"{what} {code} steht {count}-mal in der Datei."


def _missing(read: Organisation) -> Iterator[str]:
    units, functions = {unit.code for unit in read.units}, {function.code for function in read.functions}
    positions = {post.code for post in read.positions}
    for unit in read.units:
        if unit.parent and unit.parent not in units:
            yield f"Einheit {unit.code}: Die übergeordnete Einheit {unit.parent} gibt es nicht."
    for post in read.positions:
        if post.unit not in units:
            yield f"Stelle {post.code}: Die Einheit {post.unit} gibt es nicht."
        if post.function not in functions:
            yield f"Stelle {post.code}: Die Funktion {post.function} gibt es nicht."
        if post.deputy and post.deputy not in positions:
            yield f"Stelle {post.code}: Die Vertretung {post.deputy} gibt es nicht."
    for away in read.absence_examples:
        if away.partial and not away.partial.ranges:
            yield f"Abwesenheit {away.position}: Die Teilvertretung nennt keine Buchstaben."
        deputy = away.partial.deputy if away.partial else None
        for position in sorted({away.position, deputy or away.position} - positions):
            yield f"Abwesenheit {away.position}: Die Stelle {position} gibt es nicht."


def _circles(units: Sequence[Unit]) -> list[str]:
    try:
        list(from_the_top(units))
    except CycleError as error:
        return [f"Einheiten stehen im Kreis übereinander: {' → '.join(error.args[1])}."]
    return []
