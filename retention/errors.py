"""Errors of this room. All are refusals that change nothing.

EakteError
├── Conflict
│   ├── ListExists        the name of a disposal list is taken
│   ├── WrongListState    the list is not in the state that the step needs
│   ├── SecondPerson      approval by the person who proposed
│   └── NotFinished       traces are left; the same call goes on where it stopped
├── InvalidInput
│   ├── ScheduleFaults    (retention.schedule)
│   └── UnknownReason     a hold reason or trigger that the schedule does not have
└── NotFound              list, object or case that is not there
"""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import Conflict, InvalidInput


class ListExists(Conflict):
    """A list of this name exists: a frozen list is never frozen again."""

    def __init__(self) -> None:
        super().__init__(
            "Eine Liste mit diesem Namen gibt es schon. Bitte wählen Sie einen anderen Namen.",
            "a disposal list of this name exists",
            code="list_exists",
        )


class WrongListState(Conflict):
    """The list is further, or not far enough."""

    def __init__(self, de: str) -> None:
        super().__init__(de, "the disposal list is in another state", code="list_state")


class SecondPerson(Conflict):
    """Whoever proposes does not approve."""

    def __init__(self) -> None:
        super().__init__(
            "Sie haben diese Liste vorgeschlagen. Freigeben muss sie eine zweite Person der Schriftgutverwaltung.",
            "a second person has to approve",
            code="second_person",
        )


class NotFinished(Conflict):
    """Something of what was destroyed is still found; `traces` says what and where, by id."""

    def __init__(self, traces: Sequence[str]) -> None:
        super().__init__(
            f"Die Vernichtung ist noch nicht abgeschlossen: {len(traces)} Spuren sind noch da. Führen Sie den Befehl "
            "noch einmal aus; er setzt dort fort.",
            "traces are left",
            code="not_finished",
        )
        self.traces = tuple(traces)


class UnknownReason(InvalidInput):
    """Not in the schedule."""

    def __init__(self, what: str, known: Sequence[str]) -> None:
        super().__init__(
            f"„{what}“ steht nicht im Fristenkatalog. Möglich sind: {', '.join(known)}.",
            "not in the retention schedule",
            code="unknown_reason",
        )
