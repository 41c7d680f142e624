"""The faults themselves. Each returns when its target works again; when the API itself was away is kept."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from tests.eakte.killing import Process
from tests.faults.stack import Stack

SEARCH = "opensearch"


@dataclass(slots=True)
class Strikes:
    """Faults of one stack. `struck` counts them, `away` are the times in which the API process could not answer."""

    stack: Stack
    rng: random.Random
    struck: Counter[str] = field(default_factory=Counter)
    away: list[tuple[float, float]] = field(default_factory=list)

    def kill(self, name: str, times: int) -> None:
        """SIGKILL at random moments; started again at once, or after a moment."""
        for _ in range(times):
            time.sleep(self._moment())
            self._kill(name, self._down())

    def kill_mixed(self, names: Sequence[str], times: int) -> None:
        """The same for several in turn, each `times` times. The search gets ready beside the next ones, for its start is
        the longest and nothing else needs it to start.
        """
        beside: Future[None] | None = None
        with ThreadPoolExecutor(1) as pool:
            for name in self._mixed(names, times):
                time.sleep(self._moment())
                if name != SEARCH:
                    self._kill(name, self._down())
                    continue
                if beside is not None:
                    beside.result()
                beside = pool.submit(self._kill, name, self._down())
            if beside is not None:
                beside.result()

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
        self._fell("away", name, seconds)

    def cut(self, server: str, seconds: float) -> None:
        """No packet passes between the workers and one server."""
        network = self.stack.network
        assert network is not None
        network.cut(server)
        time.sleep(seconds)
        network.mend(server)
        self.struck[f"cut {server}"] += 1

    def _kill(self, name: str, down: float) -> None:
        self._fell("kill", name, down)

    def _fell(self, kind: str, name: str, down: float) -> None:
        """SIGKILL, and started again after `down` seconds."""
        target = self.stack.targets[name]
        with self._away(name):
            target.kill()
            time.sleep(down)
            target.start()
        self.struck[f"{kind} {name}"] += 1

    def _mixed(self, names: Sequence[str], times: int) -> list[str]:
        """Everyone once in each round, or one would come only when the others are over."""
        return [name for _ in range(times) for name in self.rng.sample(names, len(names))]

    def _moment(self) -> float:
        return self.rng.uniform(0.2, 3.0)

    def _down(self) -> float:
        return self.rng.choice((0.0, self.rng.uniform(0.0, 2.0)))

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
