"""Some pages of a rendition as a PDF/A of their own. Opens what may have come from outside: call it in a child."""

from __future__ import annotations

import pikepdf.pdfa
from pikepdf import Pdf


def write_excerpt(path: str, numbers: list[int], out: str) -> None:
    """Write a PDF/A-2b of these pages (from 1) to `out`.

    Raises pikepdf.pdfa.PdfaError when it would not conform, pikepdf.PdfError for what is no PDF, IndexError.
    """
    with Pdf.open(path) as whole, Pdf.new() as part:
        for number in numbers:
            part.pages.append(whole.pages[number - 1])
        part.remove_unreferenced_resources()  # pages share one list: what only others show would go along
        with part.open_metadata() as metadata:
            metadata["dc:language"] = ["de-DE"]
        pikepdf.pdfa.save(part, out, "2b", deterministic_id=True)
