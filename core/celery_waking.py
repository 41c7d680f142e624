"""Celery on Redis as waker: messages that say "there is work of this queue", and nothing else.

The password is never part of the URL. Messages are JSON, acknowledged late, taken one by one; results are not kept. A
worker's pool are threads: the work itself runs in the isolated children of `eakte.lanes`, which carry the limits of time
and memory. Nobody commands workers through the broker: remote control is off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery
from kombu import Queue
from kombu.exceptions import OperationalError
from redis.exceptions import AuthenticationError, OutOfMemoryError, RedisError

from core.errors import Unavailable
from core.waking import DEFAULT, INGEST, OCR, QUEUES

WAKE = "eakte.wake"
VISIBILITY_SECONDS = 900
"""Longer than all but the largest batches take: an unacknowledged wake comes back when its worker is gone. It names no
step, so one that comes back too early finds other work or none.
"""
PRIORITY = {INGEST: 0, DEFAULT: 3, OCR: 6}
"""Redis serves low numbers first."""


_FAULTS = (RedisError, OperationalError, OSError)


def celery_app(url: str, password: str | None) -> Celery:
    """The application that senders and workers share. Connects to nothing yet."""
    app = Celery("eakte", set_as_current=False)
    app.conf.update(
        broker_url=url,
        broker_password=password,
        broker_connection_timeout=3,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_SECONDS, "global_keyprefix": "eakte:", "queue_order_strategy": "priority",
            "socket_connect_timeout": 3, "socket_timeout": 5, "socket_keepalive": True, "health_check_interval": 15,
        },
        task_queues=[Queue(name) for name in QUEUES],
        task_default_queue=DEFAULT,
        task_create_missing_queues=False,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
    )  # fmt: skip
    return app


class CeleryWaker:
    """core.waking.Waker on Redis, for one thread. Answers or raises within seconds; never waits for a broker."""

    def __init__(self, url: str, password: str | None) -> None:
        self._app = celery_app(url, password)
        self._connection: Any = None
        self._channel: Any = None

    def wake(self, queue: str, number: int) -> None:
        """See core.waking.Waker."""
        with self._open() as channel, self._app.amqp.Producer(channel, auto_declare=False) as producer:
            for _ in range(number):
                self._app.send_task(
                    WAKE, (queue,), queue=queue, priority=PRIORITY[queue], producer=producer, retry=False
                )

    def waiting(self, queue: str) -> int:
        """See core.waking.Waker."""
        with self._open() as channel:
            return int(channel.queue_declare(queue).message_count)

    def probe(self) -> None:
        """See core.waking.Waker. A full Redis answers questions and takes nothing, so something is left for a second."""
        with self._open() as channel:
            channel.client.set("eakte:probe", b"1", ex=1)

    def close(self) -> None:
        """Forget the connection; the next call opens one."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            connection.collect()

    @contextmanager
    def _open(self) -> Iterator[Any]:
        """The channel, opened without the patience of a pool, and dropped after any fault."""
        try:
            if self._channel is None:
                self._connection = self._app.connection_for_write()
                self._channel = self._connection.channel()
            yield self._channel
        except _FAULTS as error:
            self.close()
            raise broker_problem(error) from error


def broker_problem(error: BaseException) -> Unavailable:
    """What a fault of the broker means, for the person who runs it."""
    chain: list[BaseException] = []
    seen: Any = error
    while seen is not None and seen not in chain:
        chain.append(seen)
        seen = seen.__cause__ or seen.__context__
    if any(isinstance(one, OutOfMemoryError) for one in chain):
        return Unavailable(
            "Redis ist voll. Die Arbeit geht über die Auftragstabelle weiter. Bitte Speichergrenze von Redis prüfen.",
            "Redis is out of memory. Work goes on by the job table.", code="broker_full",
        )  # fmt: skip
    if any(isinstance(one, AuthenticationError) for one in chain) or "NOAUTH" in str(error):
        return Unavailable(
            "Redis lehnt das Passwort ab. Bitte EAKTE_BROKER_PASSWORD_FILE prüfen. Die Arbeit geht über die "
            "Auftragstabelle weiter.",
            "Redis refuses the password: check EAKTE_BROKER_PASSWORD_FILE. Work goes on by the job table.",
            code="broker_password",
        )  # fmt: skip
    return Unavailable(
        "Redis antwortet nicht. Bitte EAKTE_BROKER_URL und den Dienst prüfen. Die Arbeit geht über die "
        "Auftragstabelle weiter.",
        "Redis does not answer: check EAKTE_BROKER_URL. Work goes on by the job table.", code="broker_unreachable",
    )  # fmt: skip
