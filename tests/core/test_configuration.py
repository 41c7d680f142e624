"""A configuration that cannot work is named in plain words before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.configuration import TOGETHER, Fault, faults
from core.settings import Settings
from eakte.cli import app


def codes(names: tuple[str, ...] = (), **values: Any) -> list[str]:
    return [fault.code for fault in faults(Settings(home=Path("data"), **values), names)]


def test_nothing_is_wrong_with_the_defaults() -> None:
    assert codes(("EAKTE_HOME", "PATH", "EAKTE_KILLS")) == []


def test_an_unknown_name_is_named_with_the_one_that_was_meant() -> None:
    (fault,) = faults(Settings(), ("EAKTE_WORKRES",))
    assert (fault.code, fault.fatal) == ("unknown_setting", False)
    assert "EAKTE_WORKERS" in fault.de
    assert "did you mean EAKTE_WORKERS" in fault.en


def secret(folder: Path, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_text("x")
    path.chmod(mode)
    return path


def test_secrets_have_to_be_there_and_closed(tmp_path: Path) -> None:
    url = "redis://host:6379/0"
    assert codes(broker_url=url, broker_password_file=secret(tmp_path)) == []
    assert codes(broker_url=url, broker_password_file=secret(tmp_path, 0o644)) == ["secret_open"]
    assert codes(broker_url=url, broker_password_file=tmp_path / "none") == ["secret_missing"]
    assert codes(broker_url=url, broker_password_file=tmp_path) == ["secret_missing"]


def test_a_secret_without_its_server_and_a_password_in_a_url_are_faults(tmp_path: Path) -> None:
    assert codes(broker_password_file=secret(tmp_path)) == ["without_effect"]
    assert codes(opensearch_ca_file=secret(tmp_path)) == ["without_effect"]
    assert codes(broker_url="redis://:geheim@host/0") == ["secret_in_url"]
    assert codes(broker_url="amqp://host") == ["broker_url"]


@pytest.mark.parametrize("group", TOGETHER)
def test_half_a_store_is_no_store(group: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Held for the settings that this version has."""
    values = dict.fromkeys(group, "") | {group[0]: "set"}
    monkeypatch.setattr(Settings, "model_dump", lambda _self: values)
    found: list[Fault] = [fault for fault in faults(Settings(), ()) if fault.code == "half_configured"]
    assert len(found) == 1
    assert all(f"EAKTE_{field.upper()}" in found[0].de for field in group)


def test_the_command_says_both_languages_and_ends_with_2(tmp_path: Path) -> None:
    environment = {"EAKTE_HOME": str(tmp_path), "EAKTE_BROKER_URL": "redis://:geheim@host/0", "EAKTE_PROT": "1"}
    done = CliRunner().invoke(app, ["check"], env=environment)
    assert done.exit_code == 2
    assert "enthält ein Passwort" in done.stderr
    assert "holds a password" in done.stderr
    assert "EAKTE_PORT" in done.stderr
    assert "geheim" not in done.stderr
    assert CliRunner().invoke(app, ["check"], env={"EAKTE_HOME": str(tmp_path)}).exit_code == 0


def test_no_command_starts_on_a_configuration_that_cannot_work(tmp_path: Path) -> None:
    environment = {"EAKTE_HOME": str(tmp_path / "home"), "EAKTE_BROKER_URL": "amqp://host"}
    assert CliRunner().invoke(app, ["doctor"], env=environment).exit_code == 2
    assert not (tmp_path / "home").exists()
