"""Which servers there are. Each one's client library is loaded only when that server is asked for."""

from __future__ import annotations

from eakte.services.process import Server

STACK = ("postgres", "redis", "minio", "opensearch")
NAMES = (*STACK, "versitygw")


def server_class(name: str) -> type[Server]:
    """The class of the server `name`, one of NAMES."""
    if name == "postgres":
        from eakte.services.postgres import Postgres

        return Postgres
    if name == "redis":
        from eakte.services.redis import Redis

        return Redis
    if name == "minio":
        from eakte.services.minio import MinioServer

        return MinioServer
    if name == "versitygw":
        from eakte.services.versitygw import VersityGateway

        return VersityGateway
    from eakte.services.opensearch import OpenSearchServer

    return OpenSearchServer
