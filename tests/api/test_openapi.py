"""The OpenAPI document is kept: a change shows in a diff of `docs/openapi.json` and needs an ADR (INTERFACES).

Written anew with `python -m tests.api.test_openapi`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api.app import create_app

KEPT = Path(__file__).parents[2] / "docs" / "openapi.json"
PAGED = ("/api/v1/search", "/api/v1/inbox/items", "/api/v1/case-files/{number}")


def described() -> dict[str, Any]:
    return create_app(None).openapi()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_is_the_kept_one() -> None:
    assert described() == json.loads(KEPT.read_text("utf-8"))


def test_every_operation_has_a_german_summary_and_names_its_refusals() -> None:
    for path, method, operation in operations():
        assert operation["summary"][0].isupper(), path
        assert operation["description"], path
        refused = {status for status in operation["responses"] if status >= "400"}
        if path.startswith("/api"):
            assert {"422", "503"} <= refused, (method, path)
            for status in refused - {"416"}:
                assert "application/problem+json" in operation["responses"][status]["content"], (path, status)
        if operation.get("security"):
            assert "401" in refused, path
        if method != "get" and operation.get("security") == [{"session": []}]:
            assert "403" in refused, path


def test_every_list_is_paged_by_cursor_and_every_file_by_range() -> None:
    found = {path: operation for path, method, operation in operations() if method == "get"}
    for path in PAGED:
        names = {parameter["name"] for parameter in found[path]["parameters"]}
        assert {"limit", "cursor"} <= names, path
    for part in ("pdf", "original"):
        assert {"200", "206", "304", "416"} <= set(found[f"/api/v1/documents/{{document_id}}/{part}"]["responses"])


if __name__ == "__main__":
    KEPT.write_text(json.dumps(described(), indent=1, ensure_ascii=False) + "\n", "utf-8")
