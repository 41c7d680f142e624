"""The golden corpus: reading `golden.yaml`, and index entries of its documents."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

from search.index import IndexEntry

_SPACE = UUID("6a1f5a52-5a0b-4a51-9a52-0f5f3d1c7e22")
_FILE = Path(__file__).with_name("golden.yaml")


@cache
def golden() -> dict[str, Any]:
    """Documents, texts and queries."""
    found: dict[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    return found


def id_of(name: str) -> str:
    """The document id behind a name."""
    return str(uuid5(_SPACE, name))


def scope_of(case: str) -> str:
    """The case id behind a case's letter."""
    return str(uuid5(_SPACE, f"case {case}"))


ALL_SCOPES = frozenset(scope_of(case) for case in "ABCDEF")


def entry(name: str, text: str | None = None, *, scope: str | None = None) -> IndexEntry:
    """The entry of a golden document, or one like it with another text or scope."""
    facts = golden()["documents"][name]
    words = (text if text is not None else golden()["texts"][name]).split()
    return IndexEntry(
        key=id_of(f"{name} {scope or facts['case']}"), document_id=id_of(name), scope=scope or scope_of(facts["case"]),
        pages=[words], heading=[], sort=facts["day"], document_type=facts["type"], year=facts["year"],
        keyword=facts["keyword"], unit=facts["unit"],
    )  # fmt: skip


def entries() -> Iterator[IndexEntry]:
    """All documents."""
    return (entry(name) for name in golden()["documents"])


def names_of(ids: list[str]) -> list[str]:
    """Names behind document ids."""
    known = {id_of(name): name for name in golden()["documents"]}
    return [known.get(one, one) for one in ids]
