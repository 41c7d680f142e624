"""Each of API, worker, PostgreSQL, MinIO, OpenSearch and Redis killed three times under load, on one stack.

The short part of `make test-faults` that `make test` runs: mixed kills at random moments, then one comparison of all
stores. The seed is printed; EAKTE_FAULTS_SEED repeats a run as far as the machine lets it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.faults.episode import Episodes
from tests.faults.stack import TARGETS, running_stack
from tests.faults.strikes import AnyOfTheWorker

KILLS = 3
SEED = int(os.environ.get("EAKTE_FAULTS_SEED", "0")) or random.randrange(1, 10**6)

pytestmark = [pytest.mark.kill, pytest.mark.timeout(5400)]  # a bound for what never ends, not a budget


@pytest.fixture
def episodes() -> Iterator[Episodes]:
    print(f"EAKTE_FAULTS_SEED={SEED}")
    rng = random.Random(SEED)
    with running_stack(killing=AnyOfTheWorker(rng)) as stack:
        yield Episodes.on(stack, rng, keep=print)


def test_nothing_is_lost_or_doubled_whatever_is_killed(episodes: Episodes) -> None:
    figures = episodes.run("SIGKILL", lambda strikes: strikes.kill_mixed(TARGETS, KILLS))
    assert figures["struck"] == {f"kill {name}": KILLS for name in TARGETS}
    assert figures["seen"]["upload"]["201"] > 0
