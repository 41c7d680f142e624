"""Clean letters drawn at 300 dpi for the reading figures: prose of the field, set in whatever fonts are found.

The texts are made up. Every page carries its words as truth, so that error rates need no transcription by hand.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

DPI = 300
WIDTH, HEIGHT = 2480, 3508
MARGIN = 295
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
FONT_NAMES = (
    "SourceSansPro-Regular.ttf",
    "SourceSerifPro-Regular.ttf",
    "Roboto-Regular.ttf",
    "Arimo[wght].ttf",
    "LiberationSans-Regular.ttf",
    "LiberationSerif-Regular.ttf",
    "DejaVuSans.ttf",
    "DejaVuSerif.ttf",
)

SENTENCES = (
    "Ihrem Antrag auf Leistungen zur Sicherung des Lebensunterhalts vom {date} wird entsprochen.",
    "Der Bedarf für Unterkunft und Heizung wird nach § 22 Abs. 1 SGB II in Höhe von {amount} Euro anerkannt.",
    "Nach § 60 Abs. 1 SGB I sind Sie verpflichtet, alle Tatsachen anzugeben, die für die Leistung erheblich sind.",
    "Bitte reichen Sie die fehlenden Unterlagen bis zum {date} ein, damit über Ihren Antrag entschieden werden kann.",
    "Die Bewilligung beruht auf den §§ 7, 9, 11 und 19 ff. SGB II.",
    "Gegen diesen Bescheid kann innerhalb eines Monats nach Bekanntgabe Widerspruch erhoben werden.",
    "Zu Unrecht erbrachte Leistungen sind nach § 50 Abs. 1 SGB X zu erstatten; es sind {amount} Euro.",
    "Der Regelbedarf für Ihre Bedarfsgemeinschaft beträgt gemäß § 20 SGB II monatlich {amount} Euro.",
    "Die Miete für die Wohnung in der Lindenstraße {house} wird ab dem {date} direkt an den Vermieter überwiesen.",
    "Wir bitten Sie, zu dem Gespräch am {date} um {hour}:30 Uhr in Zimmer {house} zu erscheinen.",
    "Das Einkommen aus der Beschäftigung bei der Bäckerei Größmann wird nach § 11b Abs. 3 SGB II bereinigt.",
    "Kommen Sie dieser Aufforderung nicht nach, kann die Leistung nach § 66 SGB I ganz oder teilweise versagt werden.",
    "Eine Anhörung nach § 24 SGB X ist erfolgt; Ihre Äußerung vom {date} wurde berücksichtigt.",
    "Über Ihren Widerspruch entscheidet die Widerspruchsstelle nach § 85 Abs. 2 SGG durch Widerspruchsbescheid.",
    "Die Heizkostenabrechnung der Stadtwerke für die Zeit vom {date} bis {date} liegt uns noch nicht vor.",
    "Für die Erstausstattung der Wohnung erhalten Sie nach § 24 Abs. 3 Satz 1 Nr. 1 SGB II einmalig {amount} Euro.",
    "Leistungen für Bildung und Teilhabe werden gemäß § 28 SGB II auf gesonderten Antrag gewährt.",
    "Der Bescheid vom {date} wird nach § 48 Abs. 1 Satz 2 Nr. 3 SGB X mit Wirkung für die Zukunft aufgehoben.",
    "Die Zuständigkeit ergibt sich aus § 36 SGB II in Verbindung mit § 30 Abs. 3 SGB I.",
    "Ansprüche gegen andere Leistungsträger nach dem SGB XII und dem SGB III bleiben unberührt.",
    "Ihre Angaben werden nach den §§ 67a bis 67c SGB X verarbeitet und nur zu dem genannten Zweck gespeichert.",
    "Rückfragen beantworten wir gern; bitte geben Sie dabei immer die Nummer {house}{amount0} an.",
    "Die Entscheidung stützt sich auf § 41a Abs. 3 SGB II, wonach über den Anspruch abschließend zu entscheiden ist.",
    "Ein Mehrbedarf gemäß § 21 Abs. 4 SGB II kann nicht berücksichtigt werden, weil die Voraussetzungen fehlen.",
    "Gemäß § 31a SGB II i. V. m. § 31b SGB II mindert sich die Leistung um {house} Prozent.",
    "Die Erstattungsforderung in Höhe von {amount} Euro wird nach § 43 SGB II aufgerechnet (§ 43 Abs. 2 Satz 1 SGB II).",
    "Rechtsgrundlage: §§ 45, 50 SGB X in Verbindung mit § 40 SGB II und § 330 Abs. 2 SGB III.",
    "Sie haben nach § 33 SGB II Ansprüche auf Unterhalt gegen den Vater des Kindes nach § 1601 BGB.",
    "Nach § 44a Abs. 1 SGB II stellt die Agentur fest, ob Sie erwerbsfähig sind.",
    "Auf Ihren Antrag vom {date} nach § 44 SGB X wird der Bescheid vom {date} überprüft.",
    "Als vorrangige Leistung kommt Wohngeld oder eine Rente nach dem SGB VI in Betracht (§ 12a SGB II).",
    "Der Beitrag zur Krankenversicherung richtet sich nach § 5 Abs. 1 Nr. 2a SGB V und § 26 SGB II.",
    "Der Zuschuss wird gemäß §§ 16 ff. SGB II gewährt; die §§ 81 bis 87 SGB III gelten entsprechend.",
    "Unser Schreiben an die Stadtwerke betraf die Abrechnung für {house} Monate und {amount} Euro.",
    "Wer umzieht, muss vorher die Zusicherung nach § 22 Abs. 4 SGB II einholen.",
    "Die aufschiebende Wirkung entfällt nach § 39 Nr. 1 SGB II; § 86b SGG bleibt unberührt.",
    "Als Vermögen nach § 12 SGB II gilt auch ein Guthaben von mehr als {amount} Euro.",
    "Hilfe erhalten Sie beim Sozialamt nach dem Dritten Kapitel des SGB XII, siehe § 27 SGB XII.",
    "Die Überleitung ist in § 65 Abs. 3 SGB II geregelt; vgl. auch § 7 Abs. 4a SGB II.",
    "Sie sind gemäß § 59 SGB II i.V.m. § 309 SGB III verpflichtet, sich am {date} zu melden.",
    "Das Kindergeld ist nach § 11 Abs. 1 Satz 5 SGB II als Einkommen des Kindes anzurechnen.",
    "Eine Untätigkeitsklage ist unter den Voraussetzungen des § 88 SGG zulässig.",
)
SENTENCES_PER_LETTER = 21
HEADINGS = (
    "Bescheid über die Bewilligung von Leistungen",
    "Aufforderung zur Mitwirkung",
    "Anhörung zu einer möglichen Überzahlung",
    "Einladung zu einem Beratungsgespräch",
    "Ihr Widerspruch gegen unseren Bescheid",
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A drawn page and the words on it, line by line. `font` names the font file."""

    pixels: npt.NDArray[np.uint8]
    lines: tuple[str, ...]
    font: str

    def text(self) -> str:
        """The truth, one printed line per line."""
        return "\n".join(self.lines)


@cache
def fonts() -> tuple[Path, ...]:
    """Text fonts of this machine that carry "§" and the umlauts, sorted by name; may be empty."""
    places = [Path(folder) for folder in FONT_FOLDERS]
    places += [folder for folder in Path(np.__file__).parents[1].glob("font*") if folder.is_dir()]
    found = {path.name: path for place in places if place.is_dir() for path in sorted(place.rglob("*.ttf"))}
    return tuple(found[name] for name in FONT_NAMES if name in found and _carries(found[name]))


def _carries(path: Path) -> bool:
    cmap = TTFont(path, fontNumber=0, lazy=True).getBestCmap() or {}
    return all(ord(char) in cmap for char in "§äöüßÄÖÜ")


def letters(
    count: int, *, seed: int = 1, fonts_used: Sequence[Path] = (), points: float = 11,
    sentences: int = SENTENCES_PER_LETTER,
) -> Iterator[Letter]:  # fmt: skip
    """Draws `count` letters, the fonts taken in turn. Equal arguments give equal pixels."""
    chosen = tuple(fonts_used) or fonts()
    for number in range(count):
        yield draw(random.Random(seed * 1000 + number), chosen[number % len(chosen)], points, sentences)


def draw(rng: random.Random, font_path: Path, points: float = 11, sentences: int = SENTENCES_PER_LETTER) -> Letter:
    """One letter: heading and prose until the page is two thirds full."""
    font = ImageFont.truetype(str(font_path), round(points * DPI / 72))
    image = Image.new("L", (WIDTH, HEIGHT), 255)
    pen = ImageDraw.Draw(image)
    step = round(points * DPI / 72 * 1.45)
    lines: list[str] = []
    y = MARGIN
    for paragraph in _paragraphs(rng, sentences):
        for line in _wrapped(paragraph, font, WIDTH - 2 * MARGIN):
            if y + step > HEIGHT - MARGIN:
                return Letter(np.asarray(image), tuple(lines), font_path.name)
            pen.text((MARGIN, y), line, font=font, fill=0)
            lines.append(line)
            y += step
        y += step // 2
    return Letter(np.asarray(image), tuple(lines), font_path.name)


def _paragraphs(rng: random.Random, count: int) -> list[str]:
    sentences = [_filled(rng, text) for text in rng.sample(SENTENCES, count)]
    groups = [" ".join(sentences[start : start + 3]) for start in range(0, len(sentences), 3)]
    return [
        "Jobcenter der Stadt Musterhausen",
        rng.choice(HEADINGS),
        "Sehr geehrte Damen und Herren,",
        *groups,
        "Mit freundlichen Grüßen",
    ]


def _filled(rng: random.Random, text: str) -> str:
    while "{" in text:
        text = text.replace(
            "{date}", f"{rng.randint(1, 28)}. {rng.choice(('März', 'Mai', 'August'))} 20{rng.randint(19, 26)}", 1
        )
        text = text.replace("{amount}", f"{rng.randint(100, 999)},{rng.randint(10, 99)}", 1)
        text = text.replace("{amount0}", str(rng.randint(1000, 9999)), 1)
        text = text.replace("{house}", str(rng.randint(1, 140)), 1)
        text = text.replace("{hour}", str(rng.randint(8, 15)), 1)
    return text


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        candidate = f"{line} {word}".strip()
        if line and font.getlength(candidate) > width:
            yield line
            line = word
        else:
            line = candidate
    if line:
        yield line
