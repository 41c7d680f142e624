"""How long work in a child shows that it gets on: its time limit is for the portion at hand, not for the whole.

A step over thousands of pages takes as long as the machine makes it; one that hangs shows nothing. Outside a child of
`core.isolation` nobody listens. To be called by the thread that does the step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

PORTION: Final = 50
"""Things (pages, objects of a file) that one time limit is for."""
_Thing = TypeVar("_Thing")


def _nobody(_portions: int) -> None:
    return


_listener: Callable[[int], None] = _nobody


def listen(listener: Callable[[int], None]) -> None:
    """Whom to tell, from now on, for how many portions time is needed."""
    global _listener
    _listener = listener


def ahead(things: int) -> None:
    """What came before is done; what follows is about so many things and cannot be interrupted to tell more."""
    _listener(max(1, -(-things // PORTION)))


def paced(things: Iterable[_Thing]) -> Iterator[_Thing]:
    """The same things, telling at each portion that the one before is done."""
    for number, thing in enumerate(things):
        if number % PORTION == 0:
            ahead(1)
        yield thing
