"""compose.yaml and what lies beside it: valid, pinned, no secret inside, every setting a real one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from core.settings import Settings
from eakte.services.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if service["image"].startswith("eakte:"))
SCHEMA_MODULE = "github.com/compose-spec/compose-go/v2@v2.9.1"
OUTSIDE = {"EAKTE_SITE", "EAKTE_VERSION", "EAKTE_S3_DATA"}
"""Names that Compose and Caddy read themselves: no settings of the E-Akte."""


def need(found: bool, what: str) -> None:
    if not found and os.environ.get("CI"):
        pytest.fail(f"{what} is missing")
    if not found:
        pytest.skip(f"{what} is not on this machine")


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema of the Compose specification, out of its reference library."""
    go = shutil.which("go")
    need(go is not None, "Go, which brings the Compose specification,")
    done = subprocess.run([str(go), "mod", "download", "-json", SCHEMA_MODULE], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stdout
    text = (Path(json.loads(done.stdout)["Dir"]) / "schema" / "compose-spec.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_compose_follows_the_specification(schema: dict[str, Any]) -> None:
    judge = Draft7Validator(schema)
    assert [f"{list(error.path)}: {error.message}" for error in judge.iter_errors(COMPOSE)] == []
    wrong = {**COMPOSE, "services": {"api": {"imagee": "x"}}}
    assert list(judge.iter_errors(wrong)), "the schema refuses what is wrong"


def test_compose_is_read_by_docker(tmp_path: Path) -> None:
    """`docker compose config` needs no engine; where the plug-in is missing, the schema above has to do."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("docker compose is not on this machine")
    done = subprocess.run([docker, "compose", "config", "--quiet"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_names_is_there(name: str) -> None:
    """What `docker compose config` refuses besides what the schema says, and waiting for what never becomes healthy."""
    service = SERVICES[name]
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    mounted = {volume.split(":")[0] for volume in service.get("volumes", [])}
    assert {one for one in mounted if not one.startswith((".", "/", "$"))} <= set(COMPOSE["volumes"])
    assert all((ROOT / one).exists() for one in mounted if one.startswith("./"))
    for other, wait in service.get("depends_on", {}).items():
        if wait["condition"] == "service_completed_successfully":
            assert SERVICES[other]["restart"] == "no"
        else:
            asked = SERVICES[other].get("healthcheck")
            assert (asked or {}).get("disable") is not True
            assert asked is not None or other in OURS, "ours have a health check in their image"


def test_nothing_waits_for_itself() -> None:
    TopologicalSorter({name: service.get("depends_on", {}) for name, service in SERVICES.items()}).prepare()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_logs_do_not_grow_without_end(name: str) -> None:
    told = SERVICES[name]["logging"]["options"]
    assert re.fullmatch(r"\d{1,2}m", told["max-size"])
    assert 1 < int(told["max-file"]) <= 10


def named_settings() -> Iterator[tuple[str, str]]:
    for path in [ROOT / "compose.yaml", *DEPLOY.rglob("*")]:
        if path.is_file() and path.parent.name != "secrets":
            for name in re.findall(r"\bEAKTE_[A-Z0-9_]+", path.read_text("utf-8")):
                yield str(path.relative_to(ROOT)), name


def test_every_variable_is_a_real_setting() -> None:
    real = {f"EAKTE_{name.upper()}" for name in Settings.model_fields}
    used = list(named_settings())
    assert len(used) > 20
    assert [(path, name) for path, name in used if name not in real | OUTSIDE] == []


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_secret_stands_in_an_environment(name: str) -> None:
    for key, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|SECRET|ACCESS_KEY|TOKEN|ROOT_USER", key):
            assert key.endswith("_FILE"), key
            assert re.fullmatch(r"/run/secrets/[a-z0-9_]+", value), (key, value)
            assert value.rpartition("/")[2] in SERVICES[name]["secrets"], f"{key}: the service is not given this secret"
        assert not re.search(r"://[^/@\s]*:[^/@\s]*@", str(value)), f"{key}: a password in an address"


def test_secrets_are_files_that_the_script_makes(tmp_path: Path) -> None:
    script = [str(DEPLOY / "make-secrets"), str(tmp_path / "secrets")]
    assert subprocess.run(script, capture_output=True).returncode == 0
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(COMPOSE["secrets"]) == set(made) | {"tls_certificate", "tls_key"}
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert all(len(text.strip()) >= 20 for text in made.values())
    assert len(set(made.values())) == len(made)
    assert made["broker_password"] in made["broker_configuration"]
    assert subprocess.run(script, capture_output=True).returncode == 0
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == made, "never made anew"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_services_are_pinned_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert re.search(r":[^:]*\d[^:]*$|@sha256:", service["image"]), "pinned by version"
    assert not service["image"].endswith(":latest")
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    uid = service["user"].partition(":")[0]
    assert uid.isdigit()
    assert uid != "0"
    assert service["read_only"] or name == "opensearch"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_only_the_proxy_is_reached_from_outside(name: str) -> None:
    service = SERVICES[name]
    assert ("ports" in service, "outside" in service["networks"]) == (name == "proxy",) * 2
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_disposal_keys_are_with_those_who_dispose() -> None:
    holders = {name for name in OURS if "s3_disposal_secret_key" in SERVICES[name]["secrets"]}
    assert holders == {"worker-default", "beat", "identities"}
    root = {name for name, service in SERVICES.items() if "s3_root_secret_key" in service.get("secrets", [])}
    assert root == {"s3", "identities"}


def test_the_stack_is_whole() -> None:
    assert {"api-1", "api-2", "migration", "beat", "proxy", "postgres", "redis", "s3", "opensearch"} <= set(SERVICES)
    queues = {SERVICES[name]["command"][2] for name in SERVICES if name.startswith("worker-")}
    assert queues == {"ocr", "ingest", "default"}
    for name in ("api-1", "worker-ocr"):
        waits = SERVICES[name]["depends_on"]
        assert waits["migration"]["condition"] == "service_completed_successfully"
    homes = [volume.split(":")[0] for name in ("api-1", "api-2") for volume in SERVICES[name]["volumes"][:1]]
    assert len(set(homes)) == 2, "two servers never share a data folder"


def test_units_of_systemd_are_accepted(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not on this machine")
    for unit in sorted((DEPLOY / "systemd").glob("*.service")):
        text = unit.read_text("utf-8").replace("/opt/eakte/bin/eakte", shutil.which("true") or "/bin/true")
        (tmp_path / unit.name).write_text(text)
    units = [str(path) for path in sorted(tmp_path.glob("*.service"))]
    done = subprocess.run([program, "verify", "--man=no", *units], capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if "eakte" in line] == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", sorted(path.name for path in (DEPLOY / "systemd").glob("*.service")))
def test_units_give_secrets_as_credentials(unit: str) -> None:
    text = (DEPLOY / "systemd" / unit).read_text("utf-8")
    for name, value in re.findall(r"(EAKTE_\w+_FILE)=(\S+)", text):
        credential = value.removeprefix("%d/")
        assert f"LoadCredential={credential}:" in text, name
    assert "NoNewPrivileges=yes" in text
    assert "User=eakte" in text
    assert ("s3_disposal" in text) == (unit == "eakte-beat.service")


def test_proxy_configuration_is_accepted(tmp_path: Path) -> None:
    caddy = shutil.which("caddy")
    need(caddy is not None, "Caddy")
    configuration = [str(caddy), "adapt", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    done = subprocess.run(configuration, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = json.dumps(json.loads(done.stdout))
    assert all(f'"{name}:8000"' in text for name in ("api-1", "api-2"))


class Answering(BaseHTTPRequestHandler):
    """An E-Akte as the proxy sees it: tells its port."""

    def do_GET(self) -> None:
        body = str(self.server.server_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


def ask(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 200
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_proxy_goes_on_with_one_server_and_hides_operation(tmp_path: Path) -> None:
    caddy = shutil.which("caddy")
    need(caddy is not None, "Caddy")
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Answering) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    text, port = (DEPLOY / "Caddyfile").read_text("utf-8"), free_port()
    for number, server in enumerate(servers, 1):
        text = text.replace(f"api-{number}:8000", f"127.0.0.1:{server.server_address[1]}")
    text = text.replace("{$EAKTE_SITE:localhost}", f"http://127.0.0.1:{port}")
    (tmp_path / "Caddyfile").write_text(re.sub(r"\ttls .*\n", "", text))
    proxy = subprocess.Popen(
        [str(caddy), "run", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        both = {str(server.server_address[1]) for server in servers}
        wait_for(lambda: ask(f"{address}/x")[0] == 200)
        wait_for(lambda: {ask(f"{address}/x")[1] for _ in range(8)} == both)
        assert [ask(address + path)[0] for path in ("/metrics", "/readyz", "/healthz")] == [404, 404, 200]
        servers[0].shutdown()
        servers[0].server_close()
        other = str(servers[1].server_address[1])
        assert [ask(f"{address}/x") for _ in range(12)] == [(200, other)] * 12
    finally:
        proxy.terminate()
        proxy.wait(120)
        servers[1].shutdown()
        servers[1].server_close()


def test_image_holds_every_room() -> None:
    """A room that the build leaves out would be missing in the image only."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    rooms = re.findall(r'"(\w+)"', re.search(r"packages = \[([^\]]*)\]", project)[1])  # type: ignore[index]
    assert len(rooms) > 5
    sent = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert [room for room in rooms if f"!{room}" not in sent] == []


def test_image_runs_as_an_ordinary_user() -> None:
    lines = (DEPLOY / "Dockerfile").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.startswith("FROM")]) == 2
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    assert "--require-hashes" in "\n".join(lines)
