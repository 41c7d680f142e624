"""The whole fault matrix: `make test-faults`, or this file by name. Not collected by `make test`.

EAKTE_FAULTS_KILLS is the number of kills of each server (20), EAKTE_FAULTS_SECONDS the length of an outage (60),
EAKTE_FAULTS_SEED repeats a run as far as the machine lets it. A server, namespace or tool that can't be had skips its
part with the reason.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from eakte.services.process import Server
from tests.faults import record
from tests.faults.clocks import ClockedPostgres, Clocks, NoFaketime, clocks
from tests.faults.episode import Episodes
from tests.faults.network import NoNetwork, network
from tests.faults.small_disk import NoDisk, small_disk
from tests.faults.stack import TARGETS, plain_server, running_stack
from tests.faults.strikes import AnyOfTheWorker, Strikes

KILLS = int(os.environ.get("EAKTE_FAULTS_KILLS", "20"))
SECONDS = float(os.environ.get("EAKTE_FAULTS_SECONDS", "60"))
SEED = int(os.environ.get("EAKTE_FAULTS_SEED", "0")) or random.randrange(1, 10**6)
JUMPS = (600, -600, 7200)
"""Seconds that clocks jump: what S3 still takes, the same back, and what it refuses."""

pytestmark = [pytest.mark.timeout(3600)]


@pytest.fixture(scope="module", autouse=True)
def _run() -> None:
    print(f"EAKTE_FAULTS_SEED={SEED}")
    machine = {"processors": os.cpu_count(), "begun": time.time(), "load": round(os.getloadavg()[0], 1)}
    facts = {"seed": SEED, "kills": KILLS, "seconds": SECONDS, **machine}
    record.begin(facts)


@pytest.fixture(scope="module")
def rng() -> random.Random:
    return random.Random(SEED)


@pytest.fixture(scope="module")
def episodes(request: pytest.FixtureRequest, rng: random.Random) -> Iterator[Episodes]:
    """A stack for the faults of one target; the workers are behind links where the machine lets them."""
    with ExitStack() as ending:
        try:
            links = ending.enter_context(network())
        except NoNetwork:
            links = None
        yield Episodes.on(ending.enter_context(running_stack(links, killing=AnyOfTheWorker(rng))), rng)


@pytest.mark.parametrize("episodes", TARGETS, indirect=True, scope="module")
class TestOneOfThem:
    """Each in turn; the stack stays for all faults of one target."""

    def test_killed_at_random_moments(self, episodes: Episodes, target: str) -> None:
        episodes.run(f"{target}: SIGKILL", lambda strikes: strikes.kill(target, KILLS))

    def test_silent_for_a_minute(self, episodes: Episodes, target: str) -> None:
        episodes.run(f"{target}: SIGSTOP", lambda strikes: strikes.freeze(target, SECONDS))

    def test_gone_for_a_minute(self, episodes: Episodes, target: str) -> None:
        episodes.run(f"{target}: weg", lambda strikes: strikes.take_away(target, SECONDS))


@pytest.fixture
def target(request: pytest.FixtureRequest) -> str:
    name: str = request.node.callspec.params["episodes"]
    return name


@pytest.mark.parametrize("episodes", ["network"], indirect=True, scope="module")
@pytest.mark.parametrize("server", ["postgres", "minio"])
def test_the_network_between_workers_and_a_server_is_cut(episodes: Episodes, server: str) -> None:
    if episodes.stack.network is None:
        pytest.skip("namespaces of the network need root and iproute2")
    episodes.run(f"Netz Arbeiter – {server}: getrennt", lambda strikes: strikes.cut(server, SECONDS))


def test_the_disk_of_the_storage_is_full(rng: random.Random) -> None:
    with ExitStack() as ending:
        try:
            disk = ending.enter_context(small_disk())
        except NoDisk as error:
            pytest.skip(str(error))

        def make(name: str, folder: Path, cache: Path, host: str) -> Server:
            return plain_server(name, disk.folder / name if name == "minio" else folder, cache, host)

        def strike(strikes: Strikes) -> None:
            disk.fill()
            time.sleep(SECONDS)
            disk.free()
            strikes.struck["disk full"] += 1

        stack = ending.enter_context(running_stack(make=make))
        figures = Episodes.on(stack, rng).run("Speicher: Platte voll", strike, besides=(507,))
        assert figures["seen"]["upload"]["507"] > 0, "the disk was never full"


def test_clocks_jump(rng: random.Random) -> None:
    with ExitStack() as ending:
        try:
            held = ending.enter_context(clocks())
        except NoFaketime as error:
            pytest.skip(str(error))

        def make(name: str, folder: Path, cache: Path, host: str) -> Server:
            if name != "postgres":
                return plain_server(name, folder, cache, host)
            made = ClockedPostgres(folder, cache, short_lived=True, host=host)
            made.clocks = held
            return made

        stack = ending.enter_context(running_stack(make=make, more=held.environment("processes")))
        episodes = Episodes.on(stack, rng)
        for whose in ("processes", "postgres"):
            for seconds in JUMPS:
                episodes.run(
                    f"Uhr {whose}: {seconds:+d} s und zurück", _jumping(held, whose, seconds), besides=(401,)
                )  # log-ins end


def _jumping(held: Clocks, whose: str, seconds: int) -> Callable[[Strikes], None]:
    def strike(strikes: Strikes) -> None:
        held.set(whose, seconds)
        time.sleep(SECONDS / 3)
        held.set(whose, 0)
        strikes.struck[f"clock {whose}"] += 1

    return strike
