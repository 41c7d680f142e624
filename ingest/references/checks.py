"""Check rules of reference numbers. Each takes the normal form and says whether it obeys. Pure and total.

Sources: § 2 Abs. 6 VKVV (insurance number), § 290 SGB V (health insurance number; rule computed on examples), ISO 7064
and § 139b AO (tax ID), ISO 13616 (IBAN), ICAO 9303 (documents), as listed in `references.yaml` under check_rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from stdnum import iban as _iban
from stdnum.de import idnr as _idnr
from stdnum.iso7064 import mod_97_10 as _mod_97_10

_SVNR = re.compile(r"\d{8}[A-Z]\d{3}")
_KVNR = re.compile(r"[A-Z]\d{9}")
_SVNR_WEIGHTS = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)


def check(rule: str, value: str) -> bool | None:
    """Whether `value` obeys the rule; None when no rule is known (the case register decides)."""
    known = _RULES.get(rule)
    return None if known is None else known(value)


def svnr_vkvv(value: str) -> bool:
    """Insurance number, § 2 Abs. 6 VKVV: letter as two digits, weights, digit sums, remainder modulo 10."""
    if not _SVNR.fullmatch(value):
        return False
    digits = value[:8] + _letter(value[8]) + value[9:11]
    return _digit_sums(digits, _SVNR_WEIGHTS) % 10 == int(value[11])


def kvnr_mod10(value: str) -> bool:
    """Health insurance number: letter as two digits, weights 1, 2, digit sums, remainder modulo 10."""
    if not _KVNR.fullmatch(value):
        return False
    digits = _letter(value[0]) + value[1:9]
    return _digit_sums(digits, (1, 2) * 5) % 10 == int(value[9])


def idnr_mod11_10(value: str) -> bool:
    """Tax ID, § 139b AO."""
    return bool(_idnr.is_valid(value))


def iban_mod97(value: str) -> bool:
    """IBAN, ISO 13616."""
    return bool(_iban.is_valid(value))


def creditor_mod97(value: str) -> bool:
    """SEPA creditor identifier: as IBAN, the three-character business code left out."""
    return bool(re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{3}\w+", value)) and bool(
        _mod_97_10.is_valid(value[7:] + value[:4])
    )


def docno_731(value: str) -> bool:
    """Identity document, ICAO 9303: nine characters and their check digit."""
    if not re.fullmatch(r"[A-Z0-9]{9}\d", value):
        return False
    total = sum(int(char, 36) * (7, 3, 1)[place % 3] for place, char in enumerate(value[:9]))
    return total % 10 == int(value[9])


def ik_mod10(value: str) -> bool:
    """Institution code: digits three to eight."""
    return bool(re.fullmatch(r"\d{9}", value)) and _digit_sums(value[2:8], (2, 1) * 3) % 10 == int(value[8])


def betriebsnummer_soft(value: str) -> bool:
    """Establishment number. Older ones do not always obey: a hint, never a reason to reject."""
    return bool(re.fullmatch(r"\d{8}", value)) and _digit_sums(value[:7], (1, 2) * 4) % 10 == int(value[7])


def leitweg_mod97(value: str) -> bool:
    """Leitweg-ID of e-invoices."""
    compact = value.replace("-", "")
    return bool(re.fullmatch(r"[A-Z0-9]+\d\d", compact)) and bool(_mod_97_10.is_valid(compact))


def _letter(char: str) -> str:
    return f"{ord(char) - 64:02d}"


def _digit_sums(digits: str, weights: Iterable[int]) -> int:
    return sum(sum(divmod(int(digit) * weight, 10)) for digit, weight in zip(digits, weights, strict=False))


_RULES: dict[str, Callable[[str], bool]] = {
    one.__name__: one
    for one in (
        svnr_vkvv, kvnr_mod10, idnr_mod11_10, iban_mod97, creditor_mod97, docno_731, ik_mod10, betriebsnummer_soft,
        leitweg_mod97,
    )
}  # fmt: skip
