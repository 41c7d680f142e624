"""What retention writes as PDF/A-2b, judged by an independent validator: certificate, register, parts of letters."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from retention import proposing, service
from retention.appraising import appraise
from retention.disposal import execute
from retention.export.case_export import export_case
from tests.retention.world import TODAY, World, add_case, add_letter
from tests.verapdf import failing, require_verapdf

pytestmark = pytest.mark.verapdf


@pytest.fixture(autouse=True)
def checker() -> None:
    require_verapdf()


def test_certificate_register_and_parts_conform(world: World, tmp_path: Path) -> None:
    out = tmp_path / "judged"
    out.mkdir()
    case, other = add_case(world, "99801BG0000001"), add_case(world, "99801BG0000002", closed_on=None)
    title = "Übernahme „Miete“ – 3 × 250 € für Łukasz Şahin (§ 22 SGB II) " * 3
    add_letter(world, case, title=title)
    add_letter(world, (case, 2, 3), (other, 1, 1), pages=3)
    done = export_case(world.database, world.blobs, world.actor("anna"), "99801BG0000001", world.places)
    with zipfile.ZipFile(done.path) as packed:
        for name in packed.namelist():
            if name.endswith(".pdf"):
                (out / name).write_bytes(packed.read(name))
    proposing.propose(world.database, world.actor("rita"), "Größe €", TODAY)
    appraise(world.database, world.actor("arne"), "Größe €", "destroy")
    with world.database.write() as tx:
        service.approve(tx, world.actor("ralf"), "Größe €")
    certificate = execute(world.stores, world.actor("rita"), "Größe €").certificate
    (out / certificate.name).write_bytes(certificate.read_bytes())
    assert len(list(out.iterdir())) == 4
    assert failing(out) == []
