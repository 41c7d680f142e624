"""Marks on paper: stamps, signatures, crosses, ruled lines, boxes, bars. Scribbles follow the letter's seed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from eakte.demo.drawing.fonts import ink_box, pixels_of_points, width
from eakte.demo.drawing.sheet import (
    BLACK,
    GREY,
    HEIGHT,
    INKS,
    PEN,
    WIDTH,
    Colour,
    PlacedWord,
    Shape,
    Sheet,
    line_width,
    px,
    wrap,
)
from eakte.demo.letters.model import Chart, Signature, Stamp

if TYPE_CHECKING:
    from eakte.demo.drawing.layout import Flow

_LEFT, _RIGHT = 25.0, 190.0
Point = tuple[float, float]


def boxed(flow: Flow, text: str) -> None:
    """Bold text in a frame."""
    lines = wrap(text, px(156), flow.letter.face, flow.letter.size, True)
    high = len(lines) * flow.letter.size * 0.47 + 6
    flow.need(high)
    flow.sheet.rect(px(_LEFT), px(flow.y), px(_RIGHT), px(flow.y + high), BLACK, 4)
    flow.y += 2.5
    flow.lines(text, bold=True, left=_LEFT + 4, right=_RIGHT - 4)
    flow.y += 3


def ruled(flow: Flow, text: str) -> None:
    """Writing by hand on printed lines, with empty lines left over."""
    lines = [*wrap(text, px(160), "hand", 15), "", ""]
    for line in lines:
        flow.need(9)
        flow.y += 8.5
        flow.sheet.rule(px(_LEFT), px(flow.y), px(_RIGHT), px(flow.y), GREY, 1)
        if line:
            baseline = px(flow.y - 1.2) + flow.rng.randint(-4, 4)
            flow.sheet.write(line, px(_LEFT + 1), baseline, "hand", 15, colour=PEN, ink="hand")


def cross(flow: Flow, left: float, top: float) -> None:
    """A cross by hand in a tick box, a little beside it."""
    slip = flow.rng.uniform(-0.4, 0.4)
    for x0, x1 in ((left - 0.5, left + 3.8), (left + 3.8, left - 0.5)):
        flow.sheet.rule(px(x0 + slip), px(top - 0.5), px(x1 + slip), px(top + 3.8), PEN, 6)


def signature(flow: Flow, element: Signature) -> None:
    """A scribble over a line, names below, sometimes a company stamp across."""
    high = 17 + 4 * len(element.lines)
    flow.need(high)
    base = flow.y + 13
    if element.signed:
        flow.sheet.shapes.append(Shape("curve", _scribble(flow, _LEFT + 4, base - 3), PEN, 6))
    if element.stamp:
        stamp(flow.sheet, Stamp(element.stamp, _LEFT + 42, flow.y + 1, -4.0, "blue"))
    flow.sheet.rule(px(_LEFT), px(base), px(_LEFT + 62), px(base), GREY, 1)
    for number, line in enumerate(element.lines):
        flow.sheet.write(line, px(_LEFT), px(base + 4 + 4 * number), flow.letter.face, 9)
    flow.y += high


def _scribble(flow: Flow, left: float, base: float) -> tuple[Point, ...]:
    """Loops from left to right: sums of a few waves, as a pen makes them."""
    rng = flow.rng
    loops, tall, length = rng.uniform(2, 7), rng.uniform(1.8, 6), rng.uniform(22, 50)
    lean, wild, beat = rng.uniform(0.4, 3.6), rng.uniform(0.4, 2.2), rng.uniform(7, 31)
    phase = rng.uniform(0, 2 * math.pi)
    points = []
    for step in range(140):
        t = step / 139
        fade = 1 - 0.65 * t
        x = left + length * t + lean * math.cos(2 * math.pi * loops * t + phase)
        y = base - tall * fade * math.sin(2 * math.pi * loops * t) - wild * math.sin(beat * t + phase) - 2 * t
        points.append((px(x), px(y)))
    return tuple((float(x), float(y)) for x, y in points)


def stamp(sheet: Sheet, element: Stamp) -> None:
    """A stamp whose frame and words are turned about its middle."""
    colour = INKS[element.colour]
    wide = max(line_width(line, "sans", 9, True) for line in element.lines) + px(7)
    high = float(px(5.4 * len(element.lines) + 4))
    if element.round:
        wide = high = max(wide, high) + px(3)
    left, top = px(element.x), px(element.y)
    middle = (left + wide / 2, top + high / 2)
    _stamp_frame(sheet, element, (left, top, left + wide, top + high), middle, colour)
    first = top + (high - px(5.4 * (len(element.lines) - 1))) / 2 + px(1.4)
    for number, line in enumerate(element.lines):
        x = left + (wide - line_width(line, "sans", 9, True)) / 2
        _stamp_line(sheet, line, (x, first + px(5.4) * number), middle, element.angle, colour)


def _stamp_frame(
    sheet: Sheet, element: Stamp, box: tuple[float, float, float, float], middle: Point, colour: Colour
) -> None:
    x0, y0, x1, y1 = box
    if element.round:
        sheet.shapes.append(Shape("ellipse", ((x0, y0), (x1, y1)), colour, 7))
        return
    corners = [turned(corner, middle, element.angle) for corner in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
    sheet.shapes.append(Shape("polygon", tuple(corners), colour, 7))


def _stamp_line(sheet: Sheet, text: str, origin: Point, middle: Point, angle: float, colour: Colour) -> None:
    size = pixels_of_points(9)
    x, baseline = origin
    for word in text.split():
        left, top, right, bottom = ink_box("sans", True, size, word)
        corners = (
            (x + left, baseline + top),
            (x + right, baseline + top),
            (x + left, baseline + bottom),
            (x + right, baseline + bottom),
        )
        box = _around([turned(corner, middle, angle) for corner in corners])
        start = turned((x, baseline), middle, angle)
        sheet.words.append(PlacedWord(word, box, start, "sans", True, size, colour, sheet.line, "stamp", angle))
        x += width("sans", True, size, word + " ")
    sheet.line += 1


def turned(point: Point, middle: Point, angle: float) -> Point:
    """A point turned clockwise by `angle` degrees about `middle` (y points down)."""
    rad = math.radians(angle)
    dx, dy = point[0] - middle[0], point[1] - middle[1]
    return (
        middle[0] + dx * math.cos(rad) - dy * math.sin(rad),
        middle[1] + dx * math.sin(rad) + dy * math.cos(rad),
    )


def _around(points: list[Point]) -> tuple[int, int, int, int]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    x0, y0 = max(0, min(WIDTH - 2, int(min(xs)))), max(0, min(HEIGHT - 2, int(min(ys))))
    return x0, y0, min(WIDTH, max(x0 + 1, int(max(xs)) + 1)), min(HEIGHT, max(y0 + 1, int(max(ys)) + 1))


def chart(flow: Flow, element: Chart) -> None:
    """Bars of a metering sheet, arms, black bars over payees, a photograph on a card."""
    sheet = flow.sheet
    x, y, wide, high = px(element.x), px(element.y), px(element.width), px(element.height)
    if element.kind == "bars":
        for number in range(12):
            tall = high * flow.rng.uniform(0.2, 1.0)
            left = x + wide * number / 12
            sheet.fill(left, y + high - tall, left + wide / 16, y + high, (110, 110, 120))
        sheet.rule(x, y + high, x + wide, y + high)
    elif element.kind == "blackout":
        sheet.fill(x, y, x + wide, y + high, (15, 15, 15))
    elif element.kind == "arms":
        points = ((x, y), (x + wide, y), (x + wide, y + high * 0.6), (x + wide / 2, y + high), (x, y + high * 0.6))
        sheet.shapes.append(Shape("polygon", points, BLACK, 5))
        sheet.rule(x, y + high * 0.3, x + wide, y + high * 0.3, BLACK, 5)
        sheet.rule(x + wide / 2, y, x + wide / 2, y + high, BLACK, 3)
    else:
        sheet.shapes.append(Shape("photo", ((x, y), (x + wide, y + high)), payload=str(flow.letter.seed)))
