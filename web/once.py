"""The same command posted twice is done once: the first answer again for the same session, address and key.

Kept in the memory of this process only. A restart, or another process, forgets it; that is safe, because every command
also carries the version of the object that was shown: the second post then finds a newer version and changes nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from fastapi import Response

Key = tuple[UUID, str, str]
SUCCESS = 400


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was sent."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    def again(self) -> Response:
        """The same answer once more."""
        response = Response(self.body, self.status)
        response.raw_headers = list(self.headers)
        return response


class Answers:
    """The newest answers, at most `size`; two posts of one key at the same moment wait for each other."""

    def __init__(self, size: int = 256, stripes: int = 64) -> None:
        self._size = size
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._guard = threading.Lock()
        self._stripes = tuple(threading.Lock() for _ in range(stripes))

    def once(self, key: Key, act: Callable[[], Response]) -> Response:
        """The kept answer of `key`, or that of `act`, which is kept unless it is a refusal. Errors of `act` pass."""
        with self._stripes[hash(key) % len(self._stripes)]:
            with self._guard:
                found = self._kept.get(key)
            if found is not None:
                return found.again()
            response = act()
            if response.status_code < SUCCESS:
                self._keep(key, response)
            return response

    def _keep(self, key: Key, response: Response) -> None:
        with self._guard:
            self._kept[key] = Kept(response.status_code, bytes(response.body), tuple(response.raw_headers))
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
