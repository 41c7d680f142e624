"""One fault from beginning to end: load, fault, rest, comparison, figures."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from tests.faults import record
from tests.faults.checks import come_to_rest, compare
from tests.faults.load import Load, judge
from tests.faults.readers import Reader
from tests.faults.stack import Stack
from tests.faults.stations import Station
from tests.faults.strikes import Strikes

PAUSE, READERS = 8.0, 2
AFTERWARDS_SECONDS = 5.0
Figures = dict[str, Any]


@dataclass(slots=True)
class Episodes:
    """The episodes of one stack, one after another: what they brought stays, and is compared again each time.

    `keep` takes the figures of each.
    """

    stack: Stack
    load: Load
    rng: random.Random
    keep: Callable[[Figures], None]

    @classmethod
    def on(cls, stack: Stack, rng: random.Random, keep: Callable[[Figures], None] = record.add) -> Episodes:
        """Nothing has happened yet on the stack."""
        return cls(stack, Load(stack, PAUSE, READERS), rng, keep)

    def run(self, fault: str, strike: Callable[[Strikes], None], besides: Collection[int] = ()) -> Figures:
        """The figures; `besides`: see judge. Raises AssertionError when anything was lost, doubled, or wrongly seen."""
        strikes = Strikes(self.stack, self.rng)
        begun = time.monotonic()
        with self.load.running() as (stations, readers):
            strike(strikes)
            time.sleep(AFTERWARDS_SECONDS)
        struck = time.monotonic() - begun
        ended = [name for name, target in self.stack.targets.items() if not target.alive]
        assert not ended, f"{ended} ended by themselves"
        rest = come_to_rest(self.stack)
        counted = compare(self.stack, self.load.stations)
        people: list[Station | Reader] = [*stations, *readers]
        answers = [answer for one in people for answer in one.answers]
        seen = judge(answers, strikes.away, besides)
        figures: Figures = {
            "fault": fault, "struck": dict(strikes.struck), "load_seconds": round(struck, 1),
            "rest_seconds": round(rest, 1), "seen": seen, **counted,
        }  # fmt: skip
        self.keep(figures)
        return figures
