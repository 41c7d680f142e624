"""Reading a retention schedule from its YAML, with all faults at once. Pure.

`parse` never stops at the first fault: the person who writes the schedule gets the whole list. Structural faults name the
entry by its id, or by its place when it has none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from core.yaml_data import UNREADABLE, load_yaml
from retention.schedule import (
    MAX_PERIOD,
    DisposalAction,
    EndRule,
    Entry,
    HoldReason,
    Period,
    PeriodUnit,
    Schedule,
    ScheduleFaults,
)

_Choice = TypeVar("_Choice", bound=StrEnum)
_KINDS = ("case_file", "paper", "audit_log")
_CONFIDENCES = ("law", "source", "practice")
_ENTRY_FIELDS = frozenset(
    (
        *("id", "title", "applies_to", "keywords", "document_types", "object", "condition", "trigger", "fixed_date"),
        *("fixed_date_example", "period", "unit", "end_rule", "legal_basis", "mandate", "disposal_action"),
        *("extension_grounds", "needs_decision", "confidence", "source", "note"),
    )
)


@cache
def default_schedule() -> Schedule:
    """The schedule of this version's data file."""
    return parse(resources.files("retention").joinpath("data", "retention-schedule.yaml").read_bytes())


def parse(raw: bytes) -> Schedule:
    """The schedule in these bytes. Raises ScheduleFaults with every fault found; never another error."""
    try:
        loaded = load_yaml(raw)
    except UNREADABLE as error:
        raise ScheduleFaults([f"Die Datei ist kein lesbares YAML ({type(error).__name__})."]) from error
    if not isinstance(loaded, dict):
        raise ScheduleFaults(["Die Datei enthält keinen Fristenkatalog."])
    reader = _Reader(loaded)
    entries, reasons = reader.entries(), reader.hold_reasons()
    reader.check_grounds(entries, reasons)
    if reader.faults:
        raise ScheduleFaults(reader.faults)
    return Schedule(hashlib.sha256(raw).hexdigest(), entries, reasons)


def entry_from_data(data: Mapping[str, Any], triggers: Mapping[str, str]) -> Entry:
    """One entry as it was stored (dates as ISO text). Raises ScheduleFaults."""
    reader = _Reader({"conventions": {"triggers": dict(triggers)}, "entries": [dict(data)]})
    entries = reader.entries()
    if reader.faults:
        raise ScheduleFaults(reader.faults)
    return next(iter(entries.values()))


class _Reader:
    """Collects faults while reading; a value that cannot be read is replaced so that reading goes on."""

    def __init__(self, loaded: Mapping[Any, Any]) -> None:
        self.faults: list[str] = []
        self._loaded = loaded
        conventions = loaded.get("conventions")
        triggers = conventions.get("triggers") if isinstance(conventions, dict) else None
        self._triggers: dict[Any, Any] = triggers if isinstance(triggers, dict) else {}
        if not self._triggers:
            self.faults.append("Unter conventions.triggers sind keine Auslöser benannt.")
        rules = conventions.get("end_rules") if isinstance(conventions, dict) else None
        for rule in rules if isinstance(rules, dict) else ():
            if rule not in set(EndRule):
                self.faults.append(f"Die Fristregel {rule} kann nicht gerechnet werden.")

    def entries(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for place, data in enumerate(self._list("entries"), 1):
            name = self._name("Eintrag", place, data)
            if name in found:
                self.faults.append(f"{name}: Die Kennung ist doppelt.")
            elif isinstance(data, dict):
                found[name] = self._entry(name, data)
        if not found:
            self.faults.append("Der Fristenkatalog hat keine Einträge.")
        return found

    def hold_reasons(self) -> dict[str, HoldReason]:
        found: dict[str, HoldReason] = {}
        for place, data in enumerate(self._list("hold_reasons"), 1):
            name = self._name("Sperrgrund", place, data)
            if name in found:
                self.faults.append(f"{name}: Die Kennung ist doppelt.")
            elif isinstance(data, dict):
                found[name] = self._hold_reason(name, data)
        return found

    def check_grounds(self, entries: Mapping[str, Entry], reasons: Mapping[str, HoldReason]) -> None:
        for entry in entries.values():
            for ground in entry.extension_grounds:
                if ground not in reasons:
                    self.faults.append(f"{entry.id}: Den Sperrgrund {ground} gibt es nicht.")

    def _entry(self, name: str, data: dict[Any, Any]) -> Entry:
        for unknown in sorted(str(key) for key in data if key not in _ENTRY_FIELDS):
            self.faults.append(f"{name}: Das Feld {unknown} ist unbekannt.")
        trigger = self._text(name, data, "trigger")
        if trigger and trigger not in self._triggers:
            self.faults.append(f"{name}: Den Auslöser {trigger} gibt es nicht.")
        rule = self._choice(name, data, "end_rule", EndRule, EndRule.YEAR_END)
        period = self._period(name, data, rule)
        kind, condition = data.get("object", "case_file"), data.get("condition")
        self._require(name, kind in _KINDS, f"Der Gegenstand {kind} ist unbekannt")
        self._require(name, condition is None or isinstance(condition, str), "condition ist kein Text")
        confidence = data.get("confidence", "practice")
        self._require(name, confidence in _CONFIDENCES, f"Die Sicherheit {confidence} ist unbekannt")
        needs_decision = data.get("needs_decision", False)
        self._require(name, isinstance(needs_decision, bool), "needs_decision ist weder true noch false")
        return Entry(
            id=name,
            title=self._text(name, data, "title"),
            trigger=trigger,
            trigger_title=str(self._triggers.get(trigger, trigger)),
            period=period,
            end_rule=rule,
            legal_basis=self._text(name, data, "legal_basis"),
            mandate=self._text(name, data, "mandate"),
            disposal_action=self._choice(name, data, "disposal_action", DisposalAction, DisposalAction.APPRAISE),
            applies_to=frozenset(self._texts(name, data, "applies_to")),
            keywords=frozenset(self._texts(name, data, "keywords")),
            document_types=frozenset(self._texts(name, data, "document_types")),
            kind=str(kind),
            condition=condition if isinstance(condition, str) else None,
            fixed_date=self._date(name, data),
            extension_grounds=self._texts(name, data, "extension_grounds"),
            needs_decision=needs_decision is True,
            confidence=str(confidence),
        )

    def _hold_reason(self, name: str, data: dict[Any, Any]) -> HoldReason:
        texts = {field: self._text(name, data, field) for field in ("title", "basis", "set_by", "release_when")}
        months = data.get("review_after_months")
        sound = isinstance(months, int) and not isinstance(months, bool) and 0 < months <= MAX_PERIOD
        self._require(name, sound, "review_after_months ist keine Zahl von Monaten")
        return HoldReason(id=name, review_after_months=months if isinstance(months, int) and sound else 1, **texts)

    def _period(self, name: str, data: dict[Any, Any], rule: EndRule) -> Period:
        count = data.get("period")
        unit = self._choice(name, data, "unit", PeriodUnit, PeriodUnit.YEARS)
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MAX_PERIOD:
            self.faults.append(f"{name}: Die Dauer {count} ist keine ganze Zahl von 0 bis {MAX_PERIOD}.")
            return Period(0, unit)
        if count and rule in (EndRule.IMMEDIATE, EndRule.FIXED):
            self.faults.append(f"{name}: Zur Fristregel {rule} gehört keine Dauer.")
        return Period(count, unit)

    def _date(self, name: str, data: dict[Any, Any]) -> date | None:
        value = data.get("fixed_date")
        try:
            day = date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            day = value
        if type(day) is date or day is None:
            return day
        self.faults.append(f"{name}: fixed_date ist kein Datum.")
        return None

    def _choice(self, name: str, data: dict[Any, Any], field: str, kind: type[_Choice], default: _Choice) -> _Choice:
        value = data.get(field)
        if isinstance(value, str) and value in set(kind):
            return kind(value)
        self.faults.append(f"{name}: {field} {value} ist unbekannt.")
        return default

    def _text(self, name: str, data: dict[Any, Any], field: str) -> str:
        value = data.get(field)
        if isinstance(value, str) and value.strip():
            return value
        self.faults.append(f"{name}: {field} fehlt.")
        return ""

    def _texts(self, name: str, data: dict[Any, Any], field: str) -> tuple[str, ...]:
        value = data.get(field, [])
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.faults.append(f"{name}: {field} ist keine Liste von Kennungen.")
        return ()

    def _list(self, field: str) -> list[Any]:
        value = self._loaded.get(field, [])
        if isinstance(value, list):
            return value
        self.faults.append(f"{field} ist keine Liste.")
        return []

    def _name(self, what: str, place: int, data: Any) -> str:
        name = data.get("id") if isinstance(data, dict) else None
        if isinstance(name, str) and name.strip():
            return name
        self.faults.append(f"{what} {place}: Die Kennung fehlt.")
        return f"{what} {place}"

    def _require(self, name: str, sound: bool, text: str) -> None:
        if not sound:
            self.faults.append(f"{name}: {text}.")
