"""All figures of docs/benchmarks.md, one after the other: `make bench`, or `python -m bench.all [NAME …]`.

Each figure runs in a process of its own, so that none inherits the caches or the memory of another. Run it on a machine
that does nothing else. Exit status 1 when a run ended with a missed target.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

RUNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "pipeline": (
        ("bench.pipeline",),
        ("bench.pipeline", "--prose", "--pages", "24"),
        ("bench.pipeline", "--prose", "--sentences", "11", "--pages", "24"),
        ("bench.pipeline", "--prose", "--sentences", "11", "--batch", "--pages", "24"),
    ),
    "digital": (("bench.digital",), ("bench.digital", "--one-page")),
    "ocr": (("bench.ocr",), ("bench.ocr", "--language", "Latin")),
    "routing": (
        ("bench.routing", "--seeds", "101", "102", "103", "--count", "500", "--noise", "0.003", "0.01", "0.02"),
        ("bench.routing", "--seeds", "104", "--count", "540", "--noise", "0.01", "--scanned", "40"),
    ),
    "search": (("bench.search",),),
    "backup": (("bench.backup",), ("bench.backup", "--full")),
    "stack": (("bench.stack", "--rounds", "3"),),
    "hosts": (("bench.hosts",),),
}


def main() -> int:
    """Run the named figures, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RUNS))
    chosen = parser.parse_args().names or list(RUNS)
    failed = []
    for command in (command for name in chosen for command in RUNS[name]):
        print("$ python -m " + " ".join(command), flush=True)
        if subprocess.run([sys.executable, "-m", *command]).returncode != 0:
            failed.append(" ".join(command))
    for command_text in failed:
        print(f"target missed or run failed: {command_text}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
