"""The page viewer: image with evidence, or the text of all pages; only pages that the person may read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from archive import pagetext
from archive.models import Page
from archive.reading import OpenedDocument
from web import views as v
from web.texts import Texts

A4_AT_300_DPI = (2480, 3508)
IMAGE_WIDTH = 1050
THUMB_WIDTH = 84
DOUBT_BELOW = 60


def image_href(document_id: object, page: Page, width: int = IMAGE_WIDTH) -> str:
    """Address of the upright image of a page."""
    return f"/api/v1/documents/{document_id}/pages/{page.page_no}/image?width={width}&rotate={page.rotation}"


def upright_size(page: Page) -> tuple[int, int]:
    """Width and height of the raw scan after turning it upright; A4 at 300 dpi for a page that was never measured."""
    width, height = (page.width, page.height) if page.width and page.height else A4_AT_300_DPI
    return (height, width) if page.rotation in (90, 270) else (width, height)


def page_image(opened: OpenedDocument, page: Page, texts: Texts) -> v.PageImage:
    """The image of a page with its words for people who do not see it."""
    width, height = upright_size(page)
    alt = texts("blatt.alt", n=page.page_no, m=opened.last_page, titel=opened.document.title)
    return v.PageImage(image_href(opened.document.id, page), width, height, alt)


def page_view(
    opened: OpenedDocument,
    number: int,
    self_href: str,
    texts: Texts,
    *,
    boxes: Sequence[v.EvidenceBox] = (),
    text: Sequence[v.PageText] | None = None,
    thumbs: bool = False,
) -> v.PageView:
    """The viewer at page `number` (or at the first readable page), or the text of all readable pages."""
    title, count = opened.document.title, opened.last_page
    pages = list(opened.pages)
    if not pages:
        problem = texts("blatt.kein_bild", grund="")
        return v.PageView(title, 1, count, self_href, problem=problem.strip())
    index = next((i for i, page in enumerate(pages) if page.page_no == number), 0)
    page = pages[index]
    if text is not None:
        image = with_query(self_href, f"seite={page.page_no}&ansicht=bild")
        return v.PageView(title, page.page_no, count, self_href, text=tuple(text), image_href=image)
    return v.PageView(
        title=title,
        number=page.page_no,
        count=count,
        self_href=self_href,
        image=page_image(opened, page, texts),
        boxes=tuple(box for box in boxes if box.page == page.page_no),
        previous_href=_page_href(self_href, pages[index - 1]) if index > 0 else None,
        next_href=_page_href(self_href, pages[index + 1]) if index + 1 < len(pages) else None,
        text_href=with_query(self_href, f"seite={page.page_no}&ansicht=text"),
        thumbs=_thumbs(opened, page, self_href) if thumbs else (),
    )


def page_text(number: int, page: pagetext.PageText) -> v.PageText:
    """The text of a page, a paragraph per line, with the words that recognition doubted set apart."""
    paragraphs = []
    for line in page.lines():
        runs = groupby(line, key=lambda word: word.confidence < DOUBT_BELOW)
        paragraphs.append(tuple((" ".join(word.text for word in words), doubted) for doubted, words in runs))
    return v.PageText(number, tuple(paragraphs))


def with_query(href: str, query: str) -> str:
    """The address with one more query."""
    return f"{href}{'&' if '?' in href else '?'}{query}"


def _page_href(self_href: str, page: Page) -> str:
    return with_query(self_href, f"seite={page.page_no}&ansicht=bild")


def _thumbs(opened: OpenedDocument, current: Page, self_href: str) -> tuple[v.Thumb, ...]:
    return tuple(
        v.Thumb(
            page.page_no,
            _page_href(self_href, page),
            image_href(opened.document.id, page, THUMB_WIDTH),
            page.page_no == current.page_no,
        )
        for page in opened.pages
    )
