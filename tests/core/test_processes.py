"""Names of lease holders: they fit into their columns, and only a dead process of this host is called dead."""

from __future__ import annotations

import socket

import pytest

from core.models import Job, Lease
from core.processes import owner_is_dead, owner_name

LONG = "eakte-worker-6d4cf56db6-abcde." + "a" * 30 + ".de"  # Linux allows 64 characters


@pytest.mark.parametrize("host", ["kurz", "a" * 40, "a" * 41, LONG])
def test_an_owner_fits_into_every_column_that_holds_it(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """SQLite would not mind; on PostgreSQL the worker could not even give a sign of life."""
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    owner = owner_name("12345678")
    longest = owner.replace(owner.rsplit(":", 2)[1], "4194304")  # the highest process id of Linux
    assert len(longest) <= min(Lease.owner.type.length, Job.leased_by.type.length)  # type: ignore[attr-defined]
    assert len(f"worker/{owner_name()}") <= Lease.name.type.length  # type: ignore[attr-defined]
    assert not owner_is_dead(owner)


def test_hosts_that_begin_alike_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: LONG + "x")
    other = owner_name()
    monkeypatch.setattr(socket, "gethostname", lambda: LONG)
    assert other.split(":")[0] != owner_name().split(":")[0]
    assert not owner_is_dead(other.rsplit(":", 2)[0] + ":1:1")
    assert owner_is_dead(owner_name().rsplit(":", 2)[0] + ":1:1")
