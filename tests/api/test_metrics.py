"""Figures: only for the token, true to the database, without personal data, and every alert and panel names a real one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.metrics import CACHE_SECONDS, Metrics, names
from core import jobs
from core.ids import first_id_at, new_id
from eakte.serve import build_app
from tests.ingest.door import House, open_house

MONITORING = Path(__file__).resolve().parents[2] / "deploy" / "monitoring"
NAME = re.compile(r"\beakte_[a-z_]+")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("metrics")
    (folder / "token").write_text("nur-zum-messen\n")
    (folder / "token").chmod(0o600)
    return open_house(folder / "home", metrics_token_file=folder / "token")


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    with TestClient(build_app(house.services)) as client:
        yield client


def figures(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def ask(client: TestClient, token: str = "nur-zum-messen") -> dict[tuple[str, ...], float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return figures(answer.text)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer falsch"}, {"Authorization": "Basic nur-zum-messen"}])
def test_without_the_token_there_is_nothing(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/metrics", headers=headers).status_code == 404


def test_without_a_token_set_nobody_reads(tmp_path: Path) -> None:
    with TestClient(build_app(open_house(tmp_path / "home").services)) as client:
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_every_figure_is_there_and_the_exposition_is_valid(client: TestClient) -> None:
    assert {name for name, *_ in ask(client)} == set(names())


def test_the_figures_are_those_of_the_database(house: House) -> None:
    before = figures(Metrics(house.services.database, house.services.settings).text().decode())
    with house.services.database.write() as tx:
        for _ in range(3):
            jobs.enqueue(tx, house.agency, "read", new_id(), source=new_id())
        taken = jobs.lease(tx, "somebody")
    assert taken is not None
    after = figures(Metrics(house.services.database, house.services.settings).text().decode())
    grown = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    assert grown.pop(("eakte_steps", "ocr", "ready")) == 2
    assert grown.pop(("eakte_steps", "ocr", "leased")) == 1
    assert grown.pop(("eakte_pages_last_hour", "ready")) == 2
    assert grown.pop(("eakte_pages_last_hour", "leased")) == 1
    ages = ("eakte_queue_oldest_seconds", "eakte_disk_free_bytes", "eakte_seal_lag_seconds", "eakte_index_lag_seconds")
    assert {key[0] for key in grown} <= set(ages)


def test_asking_often_costs_one_count(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, instant, counted = Metrics(house.services.database, house.services.settings), [100.0], []
    monkeypatch.setattr("api.metrics.time.monotonic", lambda: instant[0])
    monkeypatch.setattr("api.metrics.FIGURES", ())
    original = Metrics.collect
    monkeypatch.setattr(Metrics, "collect", lambda self: counted.append(1) or original(self))
    metrics.text()
    metrics.text()
    assert len(counted) == 1
    instant[0] += CACHE_SECONDS
    metrics.text()
    assert len(counted) == 2


def test_labels_are_few_and_never_free_text(client: TestClient) -> None:
    values = {value for _, *labels in ask(client) for value in labels}
    assert values == {
        "ocr", "ingest", "default", "ready", "leased", "done", "retried", "died", "in_work", "quarantined", "rejected",
        "clearing", "team", "kept", "released",
    }  # fmt: skip


def test_the_last_hour_is_found_by_id(house: House) -> None:
    now = house.services.database.clock.now()
    assert first_id_at(now - timedelta(minutes=1)) < new_id() < first_id_at(now + timedelta(minutes=5))


def test_alerts_and_dashboard_name_figures_that_exist() -> None:
    rules = [
        rule for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
    ]
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    alerted = {name for rule in rules for name in NAME.findall(rule["expr"])}
    drawn = {name for panel in panels for target in panel["targets"] for name in NAME.findall(target["expr"])}
    assert alerted
    assert alerted <= set(names())
    assert drawn == set(names())
    labels = re.findall(r"(eakte_[a-z_]+)\{(\w+)=", json.dumps(panels).replace("\\", "") + str(rules))
    assert labels
    assert [one for one in labels if one[1] not in names()[one[0]]] == []
