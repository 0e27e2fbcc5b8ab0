"""A help centre's site map: which pages it has, and each page as an article."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree  # entities are refused before it reads anything

from improvement.article_fetching import FetchError, Site, fetch
from improvement.article_import_found import Read, Refused, derive_id
from improvement.article_import_html import read_html

MAX_PAGES = 5_000
MAX_MAPS = 50
MAX_MAP_BYTES = 20_000_000
PAGES = ("text/html", "application/xhtml+xml")
MAPS = ("application/xml", "text/xml", "text/plain")


class SitemapError(Exception):
    """The file cannot be read as a site map; the text is for people."""


@dataclass(frozen=True, slots=True)
class PageAddress:
    url: str
    updated: str  # as the site map says it


def fetch_sitemap(url: str) -> bytes:
    """Raises SitemapError."""
    try:
        return fetch(url, accept=MAPS, max_bytes=MAX_MAP_BYTES).content
    except FetchError as error:
        raise SitemapError(str(error)) from error


def read_sitemap(content: bytes) -> tuple[list[PageAddress], list[str]]:
    """The pages, and the site maps that it leads to. Raises SitemapError."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise SitemapError("a site map has no DOCTYPE and no entities")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - see above
    except ElementTree.ParseError as error:
        raise SitemapError(f"no XML: {error}") from error
    names = {"urlset": "url", "sitemapindex": "sitemap"}
    kind = local_name(root)
    if kind not in names:
        raise SitemapError(f"begins with <{kind}>, not with <urlset> or <sitemapindex>")
    entries = [read_entry(element) for element in root if local_name(element) == names[kind]]
    pages = [entry for entry in entries if entry.url]
    return (pages, []) if kind == "urlset" else ([], [entry.url for entry in pages])


def local_name(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def read_entry(element: ElementTree.Element) -> PageAddress:
    values = {local_name(child): (child.text or "").strip() for child in element}
    return PageAddress(values.get("loc", ""), values.get("lastmod", ""))


def collect_pages(content: bytes) -> tuple[list[PageAddress], list[Refused]]:
    """All pages of one host, that of the first; maps of maps are followed once. Raises SitemapError."""
    pages, maps = read_sitemap(content)
    refused: list[Refused] = []
    host = urlsplit((pages[0].url if pages else maps[0]) if pages or maps else "").hostname
    for address in maps[:MAX_MAPS]:
        if urlsplit(address).hostname != host:
            refused.append(Refused(address, "", f"on another host than {host}"))
            continue
        try:
            found, _deeper = read_sitemap(fetch_sitemap(address))
            pages.extend(found)
        except SitemapError as error:
            refused.append(Refused(address, "", str(error)))
    wanted: dict[str, PageAddress] = {}
    for page in pages:
        if urlsplit(page.url).hostname != host:
            refused.append(Refused(page.url, "", f"on another host than {host}"))
        elif len(wanted) < MAX_PAGES:
            wanted.setdefault(page.url, page)
        elif page.url not in wanted:
            refused.append(Refused(page.url, "", f"more than {MAX_PAGES} pages"))
    if not wanted and not refused:
        raise SitemapError("names no page")
    return list(wanted.values()), refused


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def read_page(site: Site, page: PageAddress, collection: str) -> Read:
    external_id = derive_id(collection, urlsplit(page.url).path)
    try:
        found = site.fetch(page.url, accept=PAGES)
    except FetchError as error:
        return Refused(page.url, "", str(error), external_id)
    try:
        html = found.content.decode(found.charset, "replace")
    except LookupError:
        html = found.content.decode("utf-8", "replace")
    return read_html(page.url, html, collection, url=page.url, updated=page.updated)
