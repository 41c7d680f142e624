"""A light stemmer for folded German words: inflection goes, derivation stays. Pure.

"Bescheides" and "Bescheide" meet; "Miete" and "Mieter" do not, because -er is taken off only where a closed list says
that it is a plural ("Kinder", "Häuser") or an adjective's ending ("persönlicher"). Verbs are not conjugated back.
A stem is a key, not a word.
"""

from __future__ import annotations

from search.analyser.wordlists import words_of

# Plurals in -er, and words that end like one of them and are none.
_PLURALS = words_of(
    """amter bander bilder blatter bretter bucher dacher dorfer facher felder geister gelder geschlechter gesichter
    gehalter glaser glieder graber guter hauser holzer irrtumer kalber kinder kleider krauter lander lichter lieder
    locher manner munder nester pfander rader rander rinder schilder schlosser taler tucher volker walder worter
    wurmer denkmaler huhner leiber reichtumer gotter"""
)
_NO_PLURALS = words_of(
    """auslander inlander eigentumer ausbilder niederlander hollander anfacher mehrfacher vielfacher einfacher zweifacher
    dreifacher besucher versucher sucher"""
)
_PARTICIPLES = ("enen", "ener", "enes", "enem", "ene")
_ADJECTIVES = ("licher", "iger", "ischer", "barer", "samer", "loser", "hafter", "ender", "ierter")
_NO_ADJECTIVES = ("sender", "spender", "kalender", "wender", "blender")
_GENITIVE_BEFORE = frozenset("bdfghklmnrtoay")
_MIN = 3


def stem(word: str) -> str:
    """The stem of one folded word. Words with digits, and words of up to three letters, come back unchanged."""
    if len(word) <= _MIN or not word.isalpha():
        return word
    return _without_er(_without_inflection(_without_genitive(_without_gender(word))))


def _without_gender(word: str) -> str:
    for ending in ("erinnen", "erin"):
        if word.endswith(ending) and len(word) - len(ending) >= _MIN:
            return word[: len(word) - len(ending) + 2]
    return word


def _without_genitive(word: str) -> str:
    if not word.endswith("s") or len(word) <= _MIN + 1:
        return word
    if word.endswith("nisses"):
        return word[:-3]
    if word.endswith("es"):
        return word[:-1] if word[-3] not in "aeiou" else word
    return word[:-1] if word[-2] in _GENITIVE_BEFORE else word


def _without_inflection(word: str) -> str:
    if word.endswith(("nisse", "nissen")):
        return word[: word.rindex("nisse") + 3]
    if word.endswith(("ern", "eln")) and len(word) > _MIN + 2:
        return word[:-1]
    for ending in _PARTICIPLES:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN + 2:
            return word[: -len(ending)]
    for ending in ("en", "em", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= _MIN:
            return word[: -len(ending)]
    return word[:-1] if word.endswith("n") and len(word) > _MIN and word[-2] == "e" else word


def _without_er(word: str) -> str:
    if not word.endswith("er"):
        return word
    if word.endswith(_PLURALS) and not word.endswith(_NO_PLURALS):
        return word[:-2]
    if len(word) > 6 and word.endswith(_ADJECTIVES) and not word.endswith(_NO_ADJECTIVES):
        return word[:-2]
    return word
