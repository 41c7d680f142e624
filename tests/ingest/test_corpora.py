"""Every file of the shared corpora offered once, in one run: a final state, a German reason, no crash, no hang, PDF/A.

What became a document is judged by veraPDF. Mail, TNEF, XML, certificates and text are refused as what they are. About
330 CPU-seconds (840 files, 400 pages, a hundred of them recognised): under three minutes on two idle cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from archive.repository import content_file, current_version
from ingest.reporting import reconcile
from tests.ingest.door import House, book, letter, open_house
from tests.ingest.support import corpora
from tests.verapdf import failing, require_verapdf

# Corpora of what offices and companies really send; the others were made to be broken.
SENT = ("bundestag-gesetze", "zugferd-corpus", "paperless-ngx")
AT_MOST_RASTERISED = 2  # of 147: one law in two parts with Type 3 fonts, spot colours and broken TrueType tables

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(2400)]
SECONDS = 2300
# What the product takes is told by content; these never hold it under any name.
NEVER = {".eml", ".msg", ".tnef", ".xml", ".md", ".pem", ".key", ".crt", ".webp", ".gif", ".bmp", ".heic", ".json"}


@dataclass
class Offer:
    """One run over everything: the files, the lines of each, and what went to stderr."""

    house: House
    files: list[Path]
    lines: dict[str, list[dict[str, Any]]]
    stderr: str


@pytest.fixture(scope="module")
def offer(tmp_path_factory: pytest.TempPathFactory) -> Offer:
    root = corpora()
    if root is None:
        pytest.skip("the shared corpora are not on this machine")
    folder = tmp_path_factory.mktemp("corpora")
    house = open_house(folder / "home")
    last = folder / "last.pdf"
    last.write_bytes(book(letter("nach allem anderen")))
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.name.startswith("."))
    command = [sys.executable, "-m", "eakte", "ingest", str(root), str(last), "--wait", str(SECONDS), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=house.environment(), timeout=SECONDS + 60)
    assert done.returncode == 0, done.stderr[-2000:]
    lines: dict[str, list[dict[str, Any]]] = {}
    for line in map(json.loads, done.stdout.splitlines()):
        lines.setdefault(line["source"], []).append(line)
    print(Counter((one["state"], *(r["code"] for r in one["reasons"])) for some in lines.values() for one in some))
    return Offer(house, [*files, last], lines, done.stderr)


def test_every_file_has_a_final_state_and_a_german_reason(offer: Offer) -> None:
    assert sorted(offer.lines) == sorted(str(path) for path in offer.files)
    for source, lines in offer.lines.items():
        for line in lines:
            assert line["state"] in ("filed", "clearing", "quarantined", "rejected"), source
            assert line["state"] == "filed" or line["reasons"], source
            assert all(reason["text"].endswith(".") for reason in line["reasons"]), source
    assert len(offer.files) > 500


def test_nothing_crashed_or_hung(offer: Offer) -> None:
    codes = {reason["code"] for lines in offer.lines.values() for line in lines for reason in line["reasons"]}
    assert not codes & {"kills_its_child", "memory_limit", "time_limit"}
    assert "step_died" not in offer.stderr
    assert "Traceback" not in offer.stderr


def test_what_is_no_mail_of_ours_is_refused_as_unknown(offer: Offer) -> None:
    foreign = [path for path in offer.files if path.suffix.lower() in NEVER]
    assert len(foreign) > 250
    for path in foreign:
        (line,) = offer.lines[str(path)]
        assert (line["state"], line["reasons"][0]["code"]) in {
            ("rejected", "unknown_type"),
            ("rejected", "empty_file"),
        }, path


def test_the_letter_after_them_all_is_as_it_would_be_alone(offer: Offer) -> None:
    (line,) = offer.lines[str(offer.files[-1])]
    assert (line["state"], line["item_no"], line["pages"]) == ("clearing", 1, 1)
    counts = reconcile(offer.house.services.database, offer.house.services.blobs, offer.house.agency, 3600)
    assert (counts["difference"], counts["orphans"], counts["in_work"]) == (0, 0, 0)


@pytest.mark.verapdf
def test_what_claims_to_be_pdfa_is_pdfa(offer: Offer, tmp_path: Path) -> None:
    require_verapdf()
    made: dict[str, Counter[str]] = {"sent": Counter(), "broken": Counter()}
    with offer.house.services.database.read() as session:
        for source, lines in offer.lines.items():
            kind = made["sent" if set(Path(source).parts) & set(SENT) else "broken"]
            for document_id in (one for line in lines for one in line["document_ids"]):
                version = current_version(session, UUID(document_id))
                assert version is not None, source
                kind[str(version.rendition_conformance)] += 1
                if rendition := content_file(session, version.id, "rendition"):
                    with offer.house.services.blobs.open(rendition.sha256) as file:
                        (tmp_path / f"{rendition.sha256}.pdf").write_bytes(file.read())
    print(made)
    assert made["sent"]["none"] == 0
    assert made["sent"]["rasterised"] <= AT_MOST_RASTERISED
    assert made["sent"]["pdfa-2b"] > 100
    assert failing(tmp_path) == []
