"""One client for OpenSearch, and its errors translated once. Nothing of what was sent or answered gets into a message."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from opensearchpy import OpenSearch
from opensearchpy.exceptions import (
    AuthenticationException,
    AuthorizationException,
    ConnectionError,
    ConnectionTimeout,
    NotFoundError,
    SerializationError,
    TransportError,
)

from search.index import IndexRefused, IndexUnavailable

_ASK_SECONDS: Final = 10.0
_CONNECTIONS: Final = 16
"""Kept open, as many threads of a server ask at once; left to itself the client keeps one."""
_TALKATIVE: Final = ("opensearch", "opensearchpy.trace")
"""Loggers of the client that quote what is searched for and what documents say."""
_POOL: Final = "urllib3.connectionpool"
"""Warns of each connection beyond those kept, again and again while the server is away; our answers say it once each."""
TOO_MANY: Final = 429
TOO_LARGE: Final = 413
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Server:
    """Where OpenSearch listens and who we are there. `ca_file`: the authority that signed its certificate, if an own one."""

    url: str
    user: str = ""
    password: str = ""
    ca_file: Path | None = None


def connect(server: Server) -> OpenSearch:
    """A client; opens no connection yet. Threads may share it, processes not."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    logging.getLogger(_POOL).setLevel(logging.ERROR)
    encrypted = server.url.startswith("https://")
    context = ssl.create_default_context(cafile=str(server.ca_file)) if encrypted and server.ca_file else None
    return OpenSearch(
        server.url,
        http_auth=(server.user, server.password) if server.user else None,
        timeout=_ASK_SECONDS,
        max_retries=1,
        pool_maxsize=_CONNECTIONS,
        ssl_context=context,
    )


@contextmanager
def translated() -> Iterator[None]:
    """What went wrong there in our words. A missing index (NotFoundError) is the caller's to understand."""
    try:
        yield
    except NotFoundError:
        raise
    except (AuthenticationException, AuthorizationException) as error:
        raise IndexRefused(f"the search server refuses us ({type(error).__name__})") from error
    except (ConnectionTimeout, ConnectionError, SerializationError) as error:
        raise IndexUnavailable(f"the search server does not answer ({type(error).__name__})") from error
    except TransportError as error:
        status = error.status_code
        if not isinstance(status, int) or status == TOO_MANY or status >= _SERVER_ERROR:
            raise IndexUnavailable(f"the search server cannot answer now ({status})") from error
        raise
