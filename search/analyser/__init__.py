"""The one German analyser (SEARCH): engines hold only the posting lists of the terms that it makes. Pure, versioned."""

from search.analyser.analysis import ANALYSER_VERSION, Analysed, Term, analyse, analyse_words, tokens
from search.analyser.folding import fold
from search.analyser.numbers import number_form
from search.analyser.splitting import known, split, stems
from search.analyser.stemming import stem

__all__ = [
    "ANALYSER_VERSION",
    "Analysed",
    "Term",
    "analyse",
    "analyse_words",
    "fold",
    "known",
    "number_form",
    "split",
    "stem",
    "stems",
    "tokens",
]
