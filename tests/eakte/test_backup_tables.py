"""Rows as text and back: every type of column, in any order."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, LargeBinary, String, Uuid

from core.columns import UtcDateTime
from eakte.backup.tables import TRANSIENT, Fingerprint, decoder, durable_tables, encode_row
from migrations.runner import target_metadata
from tests.support import make_database

COLUMNS: list[Column[Any]] = [
    Column("id", Uuid),
    Column("name", String),
    Column("bytes", LargeBinary),
    Column("at", UtcDateTime),
    Column("day", Date),
    Column("number", Integer),
    Column("share", Float),
    Column("flag", Boolean),
    Column("details", JSON),
]
ROWS = st.tuples(
    st.uuids(),
    st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    st.none() | st.binary(),
    st.none() | st.datetimes(datetime(1, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001
    st.none() | st.dates(),
    st.none() | st.integers(),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.booleans(),
    st.none() | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers() | st.text("äß\n")),
)


@given(ROWS)
def test_a_row_comes_back_as_it_was(row: tuple[Any, ...]) -> None:
    line = encode_row(row)
    assert line.count(b"\n") == 1
    assert tuple(decoder(COLUMNS)(line).values()) == row


@given(st.lists(st.binary(min_size=1), max_size=8), st.randoms(use_true_random=False))
def test_the_fingerprint_knows_rows_not_their_order(lines: list[bytes], dice: Any) -> None:
    one, other, less = Fingerprint(), Fingerprint(), Fingerprint()
    for line in lines:
        one.add(line)
    shuffled = list(lines)
    dice.shuffle(shuffled)
    for line in shuffled:
        other.add(line)
    for line in lines[1:]:
        less.add(line)
    assert one.as_json() == other.as_json()
    assert not lines or less.as_json() != one.as_json()


def test_every_type_of_column_in_use_is_known() -> None:
    """A new kind of column must be added to the encoder, not be written as something else."""
    known = tuple({type(column.type) for column in COLUMNS})
    used = {type(column.type) for table in target_metadata().sorted_tables for column in table.columns}
    assert [kind for kind in used if not issubclass(kind, known)] == []


def test_only_what_must_not_come_back_is_left_out(tmp_path: Path) -> None:
    everything = {table.name for table in target_metadata().sorted_tables}
    database = make_database(tmp_path)
    with database.engine.connect() as connection:
        assert everything - {table.name for table in durable_tables(connection)} == set(TRANSIENT)
    database.dispose()
    assert json.loads(encode_row((date(2026, 1, 2),))) == ["2026-01-02"]
