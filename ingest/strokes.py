"""Counts the strokes of Roman numerals on the page: engines often lose or add one in "SGB II".

Looks only at what stands behind "SGB" and was read as one to three strokes. Where the strokes on the image cannot be
counted with certainty, the reading stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from archive.pagetext import Box, Word
from ingest.engines.port import Grey

NUMERAL: Final = re.compile(r"([(]?)(I{1,3})([.,;:)]*)")
BAND: Final = (0.35, 0.65)  # of the height of the word: above points, between serifs
AGREEING: Final = 0.8  # share of the rows in the band that must count the same
CONTRAST: Final = 60  # between ink and paper, of 255
LARGEST: Final = 3
WIDEST: Final = 1.8  # of the height; a wider word holds more than a numeral
TURNS: Final = {0: 0, 90: 3, 180: 2, 270: 1}  # quarter turns to the left that make a cut upright


def recount(words: Sequence[Word], grey: Grey, rotation: int = 0) -> tuple[Word, ...]:
    """The words with numerals behind "SGB" as the strokes in `grey` (the image of the boxes) say."""
    result = list(words)
    for index in range(1, len(result)):
        match = NUMERAL.fullmatch(result[index].text)
        if match is None or not result[index - 1].text.endswith("SGB"):
            continue
        before = result[index].raw
        if before is not None and "SGB" in before:
            continue  # the box of a parted word is only a guess
        count = strokes(grey, result[index].box, rotation)
        if count is None:
            continue
        count -= match[1].count("(") + match[3].count(")")  # brackets are strokes too
        if 1 <= count <= LARGEST and count != len(match[2]):
            text = match[1] + "I" * count + match[3]
            raw = result[index].raw
            result[index] = replace(result[index], text=text, raw=result[index].text if raw is None else raw)
    return tuple(result)


def strokes(grey: Grey, box: Box, rotation: int = 0) -> int | None:
    """How many upright strokes (letters, brackets) the box holds; None when rows disagree or contrast is missing."""
    x0, y0, x1, y1 = box
    cut = np.rot90(grey[max(0, y0) : y1, max(0, x0) : x1], TURNS[rotation])
    if min(cut.shape) < 3 or cut.shape[1] > WIDEST * cut.shape[0] or int(cut.max()) - int(cut.min()) < CONTRAST:
        return None
    band = cut[int(cut.shape[0] * BAND[0]) : int(cut.shape[0] * BAND[1]) + 1]
    ink = band < (int(cut.min()) + int(cut.max())) / 2
    edges = np.diff(np.pad(ink, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    counts = (edges == 1).sum(axis=1)
    values, times = np.unique(counts, return_counts=True)
    best = int(np.argmax(times))
    sure = times[best] >= AGREEING * len(counts) and values[best] >= 1
    return int(values[best]) if sure else None
