"""Fair turns between senders: a station that sends a thousand pages does not make the others wait for all of them.

Each step gets a turn when it is made: the steps of one source take turns one after the other, those of a source that has
nothing waiting join at the turn that is being served. Taking steps in the order of their turns is then round-robin, and
taking the next one stays a look at the front of an index. (Start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996.)
"""

from __future__ import annotations


def next_turn(serving: int | None, lowest_waiting: int | None, own_last: int | None) -> int:
    """The turn of a new step.

    `serving`: the highest turn at work now; `lowest_waiting`: the lowest turn of anybody that still waits; `own_last`:
    the highest turn of the same source that still waits. None = there is none.
    """
    now = serving if serving is not None else (lowest_waiting or 0)
    return now if own_last is None else max(now, own_last + 1)
