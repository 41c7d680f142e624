"""The engines behind the port, each as a factory: every test of the contract runs against all of them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from search.index import SearchIndex
from search.opensearch_client import Server
from search.opensearch_index import OpenSearchIndex
from search.tantivy_index import TantivyIndex

ENGINES = ("opensearch", "tantivy")
MakeIndex = Callable[[Path], SearchIndex]
_numbers = itertools.count()


def embedded(folder: Path) -> SearchIndex:
    """The tantivy index below a folder."""
    return TantivyIndex(folder / "index")


def new_prefix() -> str:
    """A prefix of indexes that nothing else on the server has."""
    return f"t{os.getpid()}-{next(_numbers)}"


def opensearch_client(server: Server) -> OpenSearch:
    """A client of one's own, to look behind the port."""
    return OpenSearch(server.url, timeout=60)


def clear(server: Server, prefix: str) -> None:
    """Remove the indexes and templates of a prefix."""
    client = opensearch_client(server)
    names = ",".join(client.indices.get_alias(index=f"{prefix}-*"))
    if names:
        client.indices.delete(index=names)
    client.indices.delete_index_template(name=f"{prefix}-*", ignore=[404])


def make_indexes(engine: str, request: pytest.FixtureRequest) -> Iterator[MakeIndex]:
    """What makes an index of this engine for a folder: the same folder, the same index."""
    if engine == "tantivy":
        yield embedded
        return
    server: Server = request.getfixturevalue("search_server")
    prefixes: dict[Path, str] = {}
    yield lambda folder: OpenSearchIndex(server, prefixes.setdefault(folder, new_prefix()))
    for prefix in prefixes.values():
        clear(server, prefix)


def files_with(client: OpenSearch, word: str) -> list[str]:
    """Files of the server that hold the word, in any case, not only those of known indexes."""
    nodes = client.nodes.stats(metric="fs")["nodes"].values()
    folders = [Path(data["path"]) for node in nodes for data in node["fs"]["data"]]
    paths = [Path(root, name) for folder in folders for root, _, names in os.walk(folder / "indices") for name in names]
    return sorted(path.name for path in paths if word.lower().encode() in _bytes_of(path).lower())


def _bytes_of(path: Path) -> bytes:
    """What is in a file; nothing any more once the server has removed it: others use the server meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
