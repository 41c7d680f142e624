"""Pictures of any depth as they look on white paper, in 8 bits: what is read and what is kept in the rendition agree."""

from __future__ import annotations

import numpy as np
from PIL import Image

_TOPS = (1.0, 255.0, 65_535.0)


def on_paper(picture: Image.Image) -> Image.Image:
    """Grey ("L") or "RGB" with 8 bits. Deeper greys are scaled, not cut off; what is transparent shows white paper."""
    if picture.mode.startswith(("I", "F")):
        return _scaled(picture)
    if picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info:
        paper = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")
    if picture.mode == "1":
        return picture.convert("L")
    return picture if picture.mode in {"L", "RGB"} else picture.convert("RGB")


def _scaled(picture: Image.Image) -> Image.Image:
    values = np.nan_to_num(np.asarray(picture).astype(np.float32))
    highest = float(values.max(initial=0.0))
    if picture.mode.startswith("I;16"):
        top = 65_535.0
    else:  # the file does not say what white is
        top = next((top for top in _TOPS if highest <= top and (top > 1.0 or picture.mode == "F")), highest)
    return Image.fromarray(np.clip(values * (255.0 / top), 0, 255).round().astype(np.uint8))
