"""Checking what was exported on any machine, without database and settings: an audit extract, or a whole export ZIP.

Every problem has a place and a kind. Kinds of an extract: unreadable, changed, missing (a number of the case is left out),
extra (twice, or another case's), reordered, cut_tail (the export itself is not the end), unsealed, block_changed,
anchor_missing, anchor_mismatch. `position` is the chain number, for `missing` and `cut_tail` the number within the case.
Kinds of a ZIP besides: file_changed, file_missing, file_extra, contents_changed (documents or list of hashes are not those
that the log says were handed out); `position` is the line of the list of hashes, 0 where the file is not on it.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from core.audit.hashing import block_hash, leaf_hash, path_sides, root_from_path
from core.audit.verify import Problem, Verdict
from retention.export.audit_extract import EXPORTED, FORMAT

EXTRACT: Final = "Protokollauszug.json"
SUMS: Final = "SHA256SUMS.txt"
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError)


def check_file(path: Path) -> Verdict:
    """Recompute an export ZIP, or an extract as JSON; which of both it is, the content says. Never raises for contents.

    Raises OSError when the file cannot be opened.
    """
    with path.open("rb") as file:
        if zipfile.is_zipfile(file):
            return _check_zip(path)
        file.seek(0)
        return check_extract(_json(file.read()))


def check_extract(extract: Any) -> Verdict:
    """Recompute an extract. Never raises: what cannot be read is a problem of kind `unreadable`."""
    verdict = Verdict()
    try:
        verdict.problems.extend(_problems(extract, verdict))
    except _UNREADABLE:
        verdict.problems.append(Problem(0, "unreadable"))
    return verdict


def contents_sha256(sums: Iterable[tuple[str, str]]) -> str:
    """One hash over name and hash of everything that is handed out but the extract: what the log says of an export."""
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sums if name not in (EXTRACT, SUMS))
    return hashlib.sha256(lines.encode()).hexdigest()


def _json(data: bytes) -> Any:
    try:
        return json.loads(data, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        return None


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A key that comes twice would show one thing to this check and another to a reader."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key comes twice")
    return dict(pairs)


def _problems(extract: Mapping[str, Any], verdict: Verdict) -> Iterator[Problem]:
    if extract["format"] != FORMAT:
        raise ValueError("another format")
    blocks = {int(block["block_no"]): block for block in extract["blocks"]}
    yield from _block_problems(blocks, extract["anchors"])
    numbered: list[tuple[int, int]] = []
    for entry in extract["events"]:
        block, shown = blocks[int(entry["block_no"])], entry["event"] if "event" in entry else entry["withheld"]
        verdict.checked += 1
        numbered.append((int(shown["case_no"]), int(shown["chain_no"])))
        if "event" in entry and shown["case_file_id"] != extract["case_file_id"]:
            yield Problem(int(shown["chain_no"]), "extra")
        leaf = leaf_hash(shown) if "event" in entry else bytes.fromhex(shown["leaf_hash"])
        path = [(str(side), bytes.fromhex(sibling)) for side, sibling in entry["path"]]
        place, size = (
            int(shown["chain_no"]) - int(block["first_no"]),
            int(block["last_no"]) - int(block["first_no"]) + 1,
        )
        proven = 0 <= place < size and [side for side, _ in path] == path_sides(size, place)
        if not proven or root_from_path(leaf, path).hex() != block["merkle_root"]:
            yield Problem(int(shown["chain_no"]), "changed")
    yield from _count_problems(numbered, int(extract["last_case_no"]))
    acts = [entry["event"]["action"] for entry in extract["events"] if "event" in entry]
    if acts[-1:] != [EXPORTED]:
        yield Problem(int(extract["last_case_no"]) + 1, "cut_tail")
    if extract["unsealed"] != 0:
        yield Problem(int(extract["last_case_no"]) + 1, "unsealed")


def _block_problems(blocks: Mapping[int, Mapping[str, Any]], anchors: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    heads = {int(head["block_no"]): head for head in anchors}
    for number, block in blocks.items():
        previous, root = bytes.fromhex(block["previous_hash"]), bytes.fromhex(block["merkle_root"])
        first_no, last_no = int(block["first_no"]), int(block["last_no"])
        if block_hash(previous, root, number, first_no, last_no).hex() != block["block_hash"]:
            yield Problem(first_no, "block_changed")
        if number not in heads:
            yield Problem(last_no, "anchor_missing")
    for number, head in heads.items():
        block = blocks[number]
        if (block["block_hash"], block["last_no"]) != (head["hash"], head["last_no"]):
            yield Problem(int(block["last_no"]), "anchor_mismatch")
    for (number, block), (following, after) in pairwise(sorted(blocks.items())):
        if following == number + 1 and after["previous_hash"] != block["block_hash"]:
            yield Problem(int(after["first_no"]), "block_changed")


def _count_problems(numbered: Sequence[tuple[int, int]], last: int) -> Iterator[Problem]:
    """`numbered`: number in the case and chain number of each entry, as they stand."""
    present = {case_no for case_no, _ in numbered}
    for number in range(1, min(last, max(present, default=0) + 1) + 1):
        if number not in present:
            yield Problem(number, "missing")
    seen: set[int] = set()
    for case_no, chain_no in numbered:
        if case_no in seen or not 1 <= case_no <= last:
            yield Problem(chain_no, "extra")
        seen.add(case_no)
    for earlier, later in pairwise(numbered):
        if later < earlier:
            yield Problem(later[1], "reordered")


def _check_zip(path: Path) -> Verdict:
    verdict = Verdict()
    try:
        with zipfile.ZipFile(path) as packed:
            verdict.problems.extend(_zip_problems(packed, verdict))
    except (*_BROKEN_ZIP, *_UNREADABLE):
        verdict.problems.append(Problem(0, "unreadable", path.name))
    return verdict


def _zip_problems(packed: zipfile.ZipFile, verdict: Verdict) -> Iterator[Problem]:
    names = packed.namelist()
    listed = [(line[66:], line[:64]) for line in packed.read(SUMS).decode().splitlines()] if SUMS in names else []
    if not listed:
        yield Problem(0, "file_missing", SUMS)
    for position, (name, sha256) in enumerate(listed, 1):
        if name not in names:
            yield Problem(position, "file_missing", name)
            continue
        verdict.checked += 1
        if _sha256(packed, name) != sha256:
            yield Problem(position, "file_changed", name)
    known = [SUMS, *(name for name, _ in listed)]
    for place, name in enumerate(names):
        if name not in known or name in names[:place]:
            yield Problem(0, "file_extra", name)
    if EXTRACT not in names:
        yield Problem(0, "file_missing", EXTRACT)
        return
    extract = _json(packed.read(EXTRACT))
    found = check_extract(extract)
    verdict.checked += found.checked
    yield from found.problems
    if not any(problem.kind == "unreadable" for problem in found.problems):
        yield from _binding(extract, contents_sha256(listed))


def _binding(extract: Mapping[str, Any], contents: str) -> Iterator[Problem]:
    """The log's last export of the case names the hash of what was handed out."""
    events = [entry["event"] for entry in extract["events"] if "event" in entry]
    exports = [event for event in events if event["action"] == EXPORTED]
    if exports and exports[-1]["details"].get("contents_sha256") != contents:
        yield Problem(int(exports[-1]["chain_no"]), "contents_changed")


def _sha256(packed: zipfile.ZipFile, name: str) -> str | None:
    """None when the bytes cannot be unpacked: that is a change as well."""
    digest = hashlib.sha256()
    try:
        with packed.open(name) as file:
            while part := file.read(1 << 20):
                digest.update(part)
    except _BROKEN_ZIP:
        return None
    return digest.hexdigest()
