"""What the dictionaries of an index on disk still know."""

from __future__ import annotations

from pathlib import Path

import tantivy


def dictionaries_with(root: Path, prefix: str) -> list[str]:
    """Terms that any generation on disk still holds, also of deleted documents. A search in the bytes would not see them:
    the dictionary is a transducer.
    """
    found: list[str] = []
    for folder in (root / "index").iterdir():
        if folder.is_dir():
            searcher = tantivy.Index.open(str(folder)).searcher()
            found += [
                term
                for stream in ("x", "words", "forms", "unknown")
                for term, _ in searcher.terms_with_prefix(stream, prefix)
            ]
    return found
