"""An article from a web page: its main content as Markdown, with headings, lists, tables and links. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from improvement.article_import_found import Found, Read, Refused, derive_id, read_moment

# What surrounds an article on every page of a site.
_FURNITURE = (
    "script, style, noscript, template, nav, footer, aside, form, iframe, svg, canvas, button, dialog, object, "
    "[role=navigation], [role=banner], [role=contentinfo], [role=search], [role=complementary], [role=dialog], "
    "[hidden], [aria-hidden=true], [class*=breadcrumb], [class*=cookie], [class*=related-articles], [class*=share-]"
)
_MAIN = ("[itemprop=articleBody]", "article", "main", "[role=main]")
_BLANKS = re.compile(r"\n{3,}")
# At the end of a line; two after a word are Markdown's line break.
_SPACES = re.compile(r"(?!(?<=\S)  \n)(?<![ \t\u00a0])[ \t\u00a0]+\n")
_SITE_NAME = re.compile(r"\s+[|–—·»-]\s+[^|–—·»]+$")
_BLOCK = re.compile(r"<(?:!doctype|html|body|p|div|section|article|h[1-6]|ul|ol|table|blockquote|pre)\b[^<>]*>", re.I)
_TAG = re.compile(
    r"</(?:p|div|span|h[1-6]|ul|ol|li|table|blockquote|pre|a|b|i|u|em|strong|font)>|<(?:br|hr|img)\b[^<>]*>", re.I
)
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.S)
_MARKDOWN = re.compile(r"^ {0,3}(?:#{1,6}|[-*+>]|\d+[.)]) |^\||\*\*\S|\]\(", re.M)
MIN_CHARACTERS = 20


class _Converter(MarkdownConverter):
    """Pictures are left out: our pages show none."""

    def convert_img(self, *_args: object, **_options: object) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    body: str
    language: str | None
    canonical_url: str | None


def read_html(place: str, html: str, collection: str, *, url: str = "", updated: str = "") -> Read:
    """`url`: where the page was fetched, from which relative links and the id follow. A file's id is its path."""
    external_id = derive_id(collection, urlsplit(url).path if url else re.sub(r"\.x?html?$", "", place, flags=re.I))
    page = extract(html, url)
    if not page.title:
        return Refused(place, "title", "the page has neither a heading nor a title", external_id)
    if len(page.body) < MIN_CHARACTERS:
        return Refused(place, "body", "no main content was found in the page", external_id)
    try:
        updated_at = read_moment(updated) if updated else None
    except ValueError:
        updated_at = None  # a site map's date is a courtesy, and no reason to refuse the page
    return Found(
        place=place,
        external_id=external_id,
        title=page.title,
        body=page.body,
        language=page.language,
        source_url=url or page.canonical_url,
        updated_at=updated_at,
    )


def extract(html: str, url: str = "") -> Page:
    soup = BeautifulSoup(html, "html.parser")
    language = str(soup.html.get("lang") or "").strip() if soup.html else ""
    canonical = soup.find("link", rel="canonical")
    address = str(canonical.get("href") or "") if isinstance(canonical, Tag) else ""
    site_title = soup.title.get_text(" ", strip=True) if soup.title else ""
    heading = soup.find("h1")
    for element in soup.select(_FURNITURE):
        element.decompose()
    main = find_main(soup)
    for header in soup.find_all("header"):
        if not header.find("h1") and header.find_parent(["article", "main"]) is None:
            header.decompose()
    own_heading = main.find("h1")
    shown = own_heading or heading
    title = shown.get_text(" ", strip=True) if shown else ""
    if isinstance(own_heading, Tag):
        own_heading.decompose()
    return Page(
        title=" ".join((title or _SITE_NAME.sub("", site_title)).split()),
        body=to_markdown(main, url),
        language=language[:16] or None,
        canonical_url=address if address.startswith(("http://", "https://")) else None,
    )


def to_markdown(main: Tag, url: str) -> str:
    absolute_links(main, url)
    text = _Converter(heading_style="ATX", bullets="-", escape_misc=False).convert_soup(main)
    return _BLANKS.sub("\n\n", _SPACES.sub("\n", text)).strip()


def is_html(text: str) -> bool:
    """Of a text that may be Markdown, which may have a tag in it, too."""
    outside = _CODE.sub("", text).strip()
    return _BLOCK.match(outside) is not None or bool(_TAG.search(outside) and not _MARKDOWN.search(outside))


def convert_fragment(html: str, url: str = "") -> str:
    """The inside of a page, as help centres export it, as Markdown. `url`: from which relative links follow."""
    soup = BeautifulSoup(html, "html.parser")
    for element in soup.select(_FURNITURE):
        element.decompose()
    return to_markdown(soup, url)


def find_main(soup: BeautifulSoup) -> Tag:
    """What the page itself calls its content, else the part whose text is most and is not links."""
    for selector in _MAIN:
        candidates = soup.select(selector)
        if candidates:
            best = max(candidates, key=weigh)
            if weigh(best) >= MIN_CHARACTERS:
                return best
    body: Tag = soup.body or soup
    parts = [part for part in body.find_all(["div", "section", "td"]) if isinstance(part, Tag)]
    full = weigh(body)
    # The smallest part that still holds most of the text.
    fitting = [part for part in parts if weigh(part) >= 0.7 * full]
    return min(fitting, key=lambda part: len(part.get_text()), default=body)


def weigh(element: Tag) -> int:
    """Characters of text that are no links."""
    links = sum(len(link.get_text(strip=True)) for link in element.find_all("a"))
    return len(element.get_text(" ", strip=True)) - links


def absolute_links(main: Tag, url: str) -> None:
    """Links to places in the page itself, and those that run something, stay as their text."""
    for link in main.find_all("a"):
        target = urljoin(url, str(link.get("href") or "")) if url else str(link.get("href") or "")
        is_inside = str(link.get("href") or "").startswith("#")
        if is_inside or not target.startswith(("http://", "https://", "mailto:", "tel:")):
            link.unwrap()
        else:
            link["href"] = target
