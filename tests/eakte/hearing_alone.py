"""Run as a process: hears of work by Celery, without lanes; each step waits for a line on stdin."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any, cast

from core.celery_waking import celery_app
from core.log import configure_logging
from core.secrets import optional_secret
from core.settings import Settings
from core.waking import QUEUES
from eakte.celery_hearing import CeleryHearing


class Steps:
    """Instead of lanes: says that a step began, and ends it when told."""

    def take(self, _kinds: Sequence[str] | None, *, wait: bool = True) -> bool:
        """A message's step; the sweep finds nothing."""
        if wait:
            print("took", flush=True)
            sys.stdin.readline()
        return False


def main() -> None:
    """Until SIGINT and the end of the step at hand."""
    settings, stopping = Settings(), threading.Event()
    configure_logging("warning")
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    password = optional_secret(settings.broker_password_file, "EAKTE_BROKER_PASSWORD_FILE")
    app = celery_app(settings.broker_url, password)
    hearing = CeleryHearing(app, cast(Any, Steps()), QUEUES, 1, stopping)
    threads = [threading.Thread(target=loop, daemon=True) for loop in hearing.loops()]
    for thread in threads:
        thread.start()
    while not stopping.wait(0.1):
        pass
    print("stopping", flush=True)
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
