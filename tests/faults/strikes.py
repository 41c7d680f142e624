"""The faults themselves. Each returns when its target works again; when the API itself was away is kept."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from tests.eakte.killing import Process
from tests.faults.stack import Stack


@dataclass(slots=True)
class Strikes:
    """Faults of one stack. `struck` counts them, `away` are the times in which the API process could not answer."""

    stack: Stack
    rng: random.Random
    struck: Counter[str] = field(default_factory=Counter)
    away: list[tuple[float, float]] = field(default_factory=list)

    def kill(self, name: str, times: int) -> None:
        """SIGKILL at random moments; started again at once, or after a moment."""
        target = self.stack.targets[name]
        for _ in range(times):
            time.sleep(self.rng.uniform(0.2, 3.0))
            with self._away(name):
                target.kill()
                time.sleep(self.rng.choice((0.0, self.rng.uniform(0.0, 2.0))))
                target.start()
            self.struck[f"kill {name}"] += 1

    def freeze(self, name: str, seconds: float) -> None:
        """SIGSTOP for a while: connections stay open and nothing answers."""
        target = self.stack.targets[name]
        with self._away(name):
            target.pause()
            time.sleep(seconds)
            target.resume()
        self.struck[f"freeze {name}"] += 1

    def take_away(self, name: str, seconds: float) -> None:
        """Killed, and started again only after a while: connections are refused."""
        target = self.stack.targets[name]
        with self._away(name):
            target.kill()
            time.sleep(seconds)
            target.start()
        self.struck[f"away {name}"] += 1

    def cut(self, server: str, seconds: float) -> None:
        """No packet passes between the workers and one server."""
        network = self.stack.network
        assert network is not None
        network.cut(server)
        time.sleep(seconds)
        network.mend(server)
        self.struck[f"cut {server}"] += 1

    @contextmanager
    def _away(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        if name == "api":
            self.away.append((begun, time.monotonic()))


@dataclass(frozen=True, slots=True)
class AnyOfTheWorker:
    """Kills a child, the supervisor alone, or all of the workers at once."""

    rng: random.Random

    def __call__(self, process: Process) -> None:
        """One SIGKILL to one of them, or to all."""
        chosen = self.rng.choice(("child", "supervisor", "all"))
        children = [child for child in process.children() if child.status() != psutil.STATUS_ZOMBIE]
        if chosen == "child" and children:
            self.rng.choice(children).kill()
        else:
            process.kill(group=chosen == "all")
