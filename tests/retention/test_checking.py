"""Tampering with what was handed out: every change to an extract or an export ZIP is named, on any machine."""

from __future__ import annotations

import copy
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit import record_act
from core.audit.record import append_look
from core.singletons import settle_seals
from retention.export.audit_extract import EXPORTED, build_extract
from retention.export.case_export import export_case
from retention.export.checking import EXTRACT, SUMS, check_extract, check_file
from tests.databases import copy_home
from tests.retention.world import World, add_case, add_letter, open_world


@pytest.fixture(scope="module")
def honest(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Ten events of one case in four blocks, among others'; the third is a look, the last one the export."""
    world = open_world(copy_home(template, tmp_path_factory.mktemp("extract") / "home"))
    case, other = add_case(world, "99801BG0000001"), add_case(world, "99801BG0000002")
    actor = world.actor("anna")
    for block in range(3):
        with world.database.write() as tx:
            for number in range(3):
                if (block, number) == (0, 2):
                    append_look(tx, actor, "cover", "case_file", case, case)
                else:
                    record_act(tx, actor, f"test.{block}{number}", "case_file", case, case_file_id=case)
                record_act(tx, actor, "test.other", "case_file", other, case_file_id=other)
        settle_seals(world.database, world.places.anchors)
    with world.database.write() as tx:
        record_act(tx, actor, EXPORTED, "case_file", case, case_file_id=case)
    settle_seals(world.database, world.places.anchors)
    with world.database.read() as session:
        return build_extract(session, case, world.places.anchors.all())


@pytest.fixture
def extract(honest: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(honest)


def kinds(extract: Any) -> set[str]:
    return {problem.kind for problem in check_extract(extract).problems}


def test_an_honest_extract_is_sound_also_after_json(extract: dict[str, Any]) -> None:
    verdict = check_extract(json.loads(json.dumps(extract)))
    assert (verdict.ok, verdict.checked) == (True, 10)
    assert len(extract["blocks"]) == len(extract["anchors"]) == 4


def test_who_looked_is_not_handed_out(extract: dict[str, Any]) -> None:
    looks = [entry for entry in extract["events"] if "event" not in entry]
    assert [entry["withheld"]["case_no"] for entry in looks] == [3]
    assert "look" not in json.dumps(looks)
    assert extract["events"][0]["event"]["actor_id"] not in json.dumps(looks)


CHANGES: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("changed", lambda e: e["events"][4]["event"].update(action="nothing")),
    ("changed", lambda e: e["events"][2]["withheld"].update(leaf_hash="00" * 32)),
    ("changed", lambda e: e["events"][0].update(path=[])),
    ("missing", lambda e: e["events"].pop(4)),
    ("missing", lambda e: e["events"].pop()),
    ("cut_tail", lambda e: e["events"].pop()),
    ("cut_tail", lambda e: (e["events"].pop(), e.update(last_case_no=9))),
    ("extra", lambda e: e["events"].append(e["events"][0])),
    ("extra", lambda e: e.update(last_case_no=9)),
    ("extra", lambda e: e.update(case_file_id="another")),
    ("reordered", lambda e: e["events"].reverse()),
    ("reordered", lambda e: e["events"].insert(3, e["events"].pop(5))),
    ("block_changed", lambda e: e["blocks"][1].update(last_no=99)),
    ("block_changed", lambda e: e["blocks"][1].update(merkle_root="00" * 32)),
    ("anchor_mismatch", lambda e: e["anchors"][0].update(hash="00" * 32)),
    ("anchor_missing", lambda e: e["anchors"].pop(1)),
    ("unsealed", lambda e: e.update(unsealed=1)),
    ("unreadable", lambda e: e["blocks"].pop()),
    ("unreadable", lambda e: e.update(format="eakte-audit-extract/2")),
]


@pytest.mark.parametrize(("kind", "change"), CHANGES, ids=[f"{n}-{kind}" for n, (kind, _) in enumerate(CHANGES)])
def test_a_change_is_named(extract: dict[str, Any], kind: str, change: Callable[[dict[str, Any]], Any]) -> None:
    change(extract)
    assert kind in kinds(extract)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every single value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = False
    for key, one in parts:
        found = True
        yield from leaves(one, (*path, key))
    if not found and not isinstance(value, (dict, list)):
        yield path


def test_no_single_value_can_be_changed_unseen(extract: dict[str, Any]) -> None:
    unseen = []
    for path in leaves(extract):
        forged = copy.deepcopy(extract)
        holder = forged
        for key in path[:-1]:
            holder = holder[key]
        old = holder[path[-1]]
        holder[path[-1]] = old + 1 if isinstance(old, int) else f"{old}x" if old is not None else "x"
        if check_extract(forged).ok:
            unseen.append(path)
    assert unseen == []


def test_the_place_is_named(extract: dict[str, Any]) -> None:
    chain_no = extract["events"][4]["event"]["chain_no"]
    extract["events"][4]["event"]["action"] = "nothing"
    assert [(one.position, one.kind) for one in check_extract(extract).problems] == [(chain_no, "changed")]
    extract["events"].pop(4)
    assert [(one.position, one.kind) for one in check_extract(extract).problems] == [(5, "missing")]


def test_an_extract_that_breaks_off_after_an_earlier_export_is_named(world: World) -> None:
    """Exported, gone on with, exported again: what came in between cannot be cut off without a trace."""
    case, actor = add_case(world, "99801BG0000001"), world.actor("anna")
    for action in (EXPORTED, "test.between", EXPORTED, "test.meanwhile"):
        with world.database.write() as tx:
            record_act(tx, actor, action, "case_file", case, case_file_id=case)
        settle_seals(world.database, world.places.anchors)
    with world.database.read() as session:
        extract = build_extract(session, case, world.places.anchors.all())
    assert (kinds(extract), extract["last_case_no"]) == (set(), 3)
    extract["events"].pop()
    extract["last_case_no"] = 2
    assert kinds(extract) == {"cut_tail"}


@given(st.recursive(st.none() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_no_value_breaks_the_check(value: Any) -> None:
    assert kinds(value) == {"unreadable"}


@given(st.binary(max_size=200))
def test_no_bytes_break_the_check(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any-bytes"
    path.write_bytes(data)
    assert [problem.kind for problem in check_file(path).problems] == ["unreadable"]


@pytest.fixture
def packed(world: World) -> Path:
    case = add_case(world, "W-00317/26", closed_on=None)
    for title in ("Erster Brief", "Zweiter Brief"):
        add_letter(world, case, title=title)
    return export_case(world.database, world.blobs, world.actor("anna"), "W-00317/26", world.places).path


def rewritten(packed: Path, change: Callable[[dict[str, bytes]], Any]) -> Path:
    """The ZIP with changed contents, sound as a ZIP."""
    with zipfile.ZipFile(packed) as source:
        files = {name: source.read(name) for name in source.namelist()}
    change(files)
    target = packed.with_name("forged.zip")
    with zipfile.ZipFile(target, "w") as out:
        for name, data in files.items():
            out.writestr(name, data)
    return target


def named(path: Path) -> list[tuple[int, str, str]]:
    return [(one.position, one.kind, one.what) for one in check_file(path).problems]


def first(files: dict[str, bytes]) -> str:
    return next(name for name in files if name.startswith("0001"))


def without_line(files: dict[str, bytes], name: str) -> None:
    del files[name]
    files[SUMS] = b"".join(line for line in files[SUMS].splitlines(True) if name.encode() not in line)


def test_an_honest_zip_and_its_extract_are_sound(packed: Path) -> None:
    assert check_file(packed).ok
    assert named(rewritten(packed, lambda files: None)) == []
    alone = packed.with_name("extract.json")
    with zipfile.ZipFile(packed) as source:
        alone.write_bytes(source.read(EXTRACT))
    assert check_file(alone).ok


def test_a_changed_a_removed_and_an_added_file_are_named(packed: Path) -> None:
    names: list[str] = []

    def flip(files: dict[str, bytes]) -> None:
        names.append(first(files))
        data = bytearray(files[names[0]])
        data[100] ^= 1
        files[names[0]] = bytes(data)

    assert named(rewritten(packed, flip)) == [(1, "file_changed", names[0])]
    assert named(rewritten(packed, lambda files: files.pop(names[0]))) == [(1, "file_missing", names[0])]
    assert named(rewritten(packed, lambda files: files.update(neu=b"x"))) == [(0, "file_extra", "neu")]


def test_a_file_removed_together_with_its_line_contradicts_the_log(packed: Path) -> None:
    forged = rewritten(packed, lambda files: without_line(files, first(files)))
    assert [kind for _, kind, _ in named(forged)] == ["contents_changed"]


def test_a_zip_without_list_or_extract_is_no_proof(packed: Path) -> None:
    assert (0, "file_missing", SUMS) in named(rewritten(packed, lambda files: files.pop(SUMS)))
    assert (0, "file_missing", EXTRACT) in named(rewritten(packed, lambda files: without_line(files, EXTRACT)))


def test_a_tail_cut_from_the_log_inside_the_zip_is_named(packed: Path) -> None:
    def cut(files: dict[str, bytes]) -> None:
        extract = json.loads(files[EXTRACT])
        extract["events"].pop()
        extract["last_case_no"] -= 1
        files[EXTRACT] = json.dumps(extract).encode()

    assert {kind for _, kind, _ in named(rewritten(packed, cut))} == {"file_changed", "cut_tail"}


def test_bytes_flipped_anywhere_in_the_zip_do_not_pass_as_another_content(packed: Path) -> None:
    data = packed.read_bytes()
    broken = packed.with_name("broken.zip")
    with zipfile.ZipFile(packed) as source:
        honest = {name: source.read(name) for name in source.namelist()}
    for place in range(0, len(data), max(1, len(data) // 150)):
        broken.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        if check_file(broken).ok:
            with zipfile.ZipFile(broken) as source:
                assert {name: source.read(name) for name in source.namelist()} == honest, place
