"""Other terms need another analyser version, or an old index would silently miss words."""

from __future__ import annotations

from hashlib import sha256

from search.analyser import ANALYSER_VERSION, analyse, known, stems
from tests.search.golden import golden
from tests.search.test_analyser import COMPOUNDS, MEET, WHOLE

DIGESTS = {2: "3ed027f97adb4c3e"}


def test_other_terms_need_another_version() -> None:
    texts = [*golden()["texts"].values(), " ".join((*MEET, *COMPOUNDS, *WHOLE)).replace("/", " ").replace("+", " ")]
    terms = [tuple(term) for text in texts for term in analyse(text.split())]
    words = [(word, stems(word), known(word)) for word in sorted({text for _, text, _ in terms if text.isalpha()})]
    digest = sha256(repr((terms, words)).encode()).hexdigest()[:16]
    assert DIGESTS.get(ANALYSER_VERSION) == digest, "raise ANALYSER_VERSION and note its digest here"
