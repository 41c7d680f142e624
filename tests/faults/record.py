"""The figures of a run: a JSON file that every episode adds to, and the table that docs/reliability.md shows."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_BEGIN, _END = "<!-- figures -->", "<!-- end of figures -->"
_DEFAULT = Path(__file__).resolve().parents[2] / "build" / "faults.json"


def result_file() -> Path:
    """Where the figures are kept: EAKTE_FAULTS_RESULT, or build/faults.json."""
    return Path(os.environ.get("EAKTE_FAULTS_RESULT", str(_DEFAULT)))


def begin(facts: dict[str, Any]) -> None:
    """A new run."""
    path = result_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**facts, "episodes": []}, indent=1), "utf-8")


def add(episode: dict[str, Any]) -> None:
    """One more episode, whole or not at all."""
    path = result_file()
    run = json.loads(path.read_text("utf-8"))
    run["episodes"].append(episode)
    half = path.with_suffix(".half")
    half.write_text(json.dumps(run, indent=1), "utf-8")
    half.rename(path)


def table(run: dict[str, Any]) -> str:
    """A run as a table in German."""
    lines = [
        "| Störung | Treffer | angenommen | 503 beim Senden | ohne Antwort | Seiten gezeigt | Seiten 503 | längste Antwort "
        "(s) | zur Ruhe (s) | Schriftstücke = Index | Objekte = Ansprüche | Differenz, Befunde |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_line(one) for one in run["episodes"])])


def _line(one: dict[str, Any]) -> str:
    seen, uploads = one["seen"], one["seen"]["upload"]
    pages = [counts for what, counts in seen.items() if what != "upload"]
    shown = sum(counts.get("200", 0) + counts.get("303", 0) for counts in pages)
    cells = (
        one["fault"], sum(one["struck"].values()), uploads.get("201", 0) + uploads.get("200", 0),
        uploads.get("503", 0) + uploads.get("507", 0), sum(counts.get("none", 0) for counts in seen.values()), shown,
        sum(counts.get("503", 0) for counts in pages), max(counts["slowest"] for counts in seen.values()),
        one["rest_seconds"], one["documents"], one["objects"], f"{one['difference']}, {one['findings']}",
    )  # fmt: skip
    return "| " + " | ".join(str(cell).replace(".", ",") for cell in cells) + " |"


def write_into(document: Path, run: dict[str, Any]) -> None:
    """Put the run's table between the marks of a document."""
    before, begin_mark, rest = document.read_text("utf-8").partition(_BEGIN)
    _, end_mark, after = rest.partition(_END)
    assert begin_mark, f"{document} has no place for figures"
    assert end_mark, f"{document} has no place for figures"
    day = datetime.fromtimestamp(run["begun"], UTC).date()
    facts = (
        f"Lauf vom {day:%d.%m.%Y}, {run['processors']} Kerne, Last des Rechners zu Beginn {run['load']}, Startwert "
        f"{run['seed']}, {run['kills']} Abschüsse je Server, Ausfälle {run['seconds']:.0f} s."
    )
    document.write_text(f"{before}{_BEGIN}\n{facts}\n\n{table(run)}\n{_END}{after}", "utf-8")


if __name__ == "__main__":
    found = json.loads(result_file().read_text("utf-8"))
    if sys.argv[1:]:
        write_into(Path(sys.argv[1]), found)
    sys.stdout.write(table(found) + "\n")
