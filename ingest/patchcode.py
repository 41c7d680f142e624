"""Patch T on a page (Kodak A-61670): four bars N W N W, spaces N, 20 mm across, at least 50 mm long.

Upside down, T reads as patch 3 (W N W N): both count as separators. Bars may lie along or across the page. Each scan
line is matched by itself, so a skew of a few degrees does not matter.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
NARROW_MM: Final = 2.03
WIDE_MM: Final = 5.08
_T: Final = (1.0, 1.0, 2.5, 1.0, 1.0, 1.0, 2.5)
_PATTERNS: Final = (np.array(_T), np.array(_T[::-1]))
_TOLERANCE: Final = 0.45
_SCALE: Final = (0.7, 1.35)
_STEP_MM: Final = 1.5
_MIN_LENGTH_MM: Final = 40.0
_WORK_DPI: Final = 75


def has_patch(grey: Grey, dpi: int) -> bool:
    """Whether the page carries Patch T (or 3) in either direction. `dpi` of `grey`; about 1 ms at 75 dpi."""
    if dpi < 40 or min(grey.shape) < dpi:
        return False
    factor = min(1.0, _WORK_DPI / dpi)
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else grey
    per_mm = dpi * factor / 25.4
    _, ink = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    return any(_matches(np.asarray(image, np.uint8), per_mm) for image in (ink, ink.T))


def _matches(ink: Grey, per_mm: float) -> bool:
    """Whether enough neighbouring columns show the pattern, each along its length."""
    step = max(1, round(_STEP_MM * per_mm))
    needed = _MIN_LENGTH_MM / _STEP_MM
    run = missed = 0
    for matches in _matching_columns(ink[:, ::step], per_mm).tolist():
        if matches:
            run, missed = run + 1, 0
            if run >= needed:
                return True
        else:
            missed += 1
            if missed > 1:
                run = 0
    return False


def _matching_columns(ink: Grey, per_mm: float) -> npt.NDArray[np.bool_]:
    """For each column whether the pattern stands in it. All columns at once: thin letters are mostly this check."""
    lines = np.pad(ink.T.astype(np.int8), ((0, 0), (1, 1)))
    found = np.zeros(len(lines), np.bool_)
    # Every line begins and ends white: edges come in pairs, and even ones are where a bar begins.
    edges = np.flatnonzero(np.diff(lines.ravel()))
    bars = len(edges) // 2 - 3
    if bars <= 0:
        return found
    begins = 2 * np.arange(bars)
    line = edges[begins] // lines.shape[1]
    unit = (edges[begins + 7] - edges[begins]) / 10.0
    narrow = NARROW_MM * per_mm
    likely = (edges[begins + 7] // lines.shape[1] == line) & (unit >= _SCALE[0] * narrow) & (unit <= _SCALE[1] * narrow)
    begins, line, unit = begins[likely], line[likely], unit[likely]
    widths = np.diff(edges)[begins[:, None] + np.arange(7)] / unit[:, None]
    fits = [np.all(np.abs(widths - pattern) < _TOLERANCE, axis=1) for pattern in _PATTERNS]
    found[line[np.logical_or(*fits)]] = True
    return found
