"""A help centre's pages, fetched over HTTP: what is taken, what is refused, and where nobody is let in."""

import socket

import pytest

from improvement import article_fetching
from improvement.article_fetching import FetchError, Site, fetch, is_public
from improvement.article_import_found import Found, Refused
from improvement.article_import_sitemap import PageAddress, SitemapError, collect_pages, read_page, read_sitemap
from tests.improvement.help_centre import HTML, HelpCentre
from tests.stand_ins.http_server import Reply

ACCEPT = ("text/html",)


@pytest.fixture
def centre(settings, monkeypatch):
    settings.IMPORT_PRIVATE_ADDRESSES = True
    monkeypatch.setattr(article_fetching, "PAUSE_SECONDS", 0)
    server = HelpCentre().start()
    yield server
    server.stop()


def read(centre, path):
    return read_page(Site(centre.origin), PageAddress(centre.origin + path, "2026-05-01"), "help")


def test_a_page_is_fetched_by_its_name_and_read(centre):
    centre.put("/en/returns", "Return a lamp", "You can send it back within 30 days.")
    found = read(centre, "/en/returns")
    assert isinstance(found, Found)
    assert (found.external_id, found.title, found.language) == ("help:en:returns", "Return a lamp", "en")
    asked = centre.requests[-1]
    assert asked.headers["Host"] == centre.origin.removeprefix("http://")
    assert asked.headers["User-Agent"] == "Aftercare-Import"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(404), "answered 404"),
        (Reply(body=b"%PDF", headers={"Content-Type": "application/pdf"}), "is application/pdf"),
        (Reply(302, headers={"Location": "http://elsewhere.example/"}), "another host"),
        (Reply(302, headers={"Location": "/loop"}), "without end"),
        (Reply(body=b"x" * 5000, headers=HTML), "larger than"),
    ],
)
def test_what_is_no_page_of_the_host_is_refused_with_its_reason(centre, monkeypatch, reply, reason):
    monkeypatch.setattr(article_fetching, "MAX_PAGE_BYTES", 1000)
    centre.pages["/loop"] = reply
    with pytest.raises(FetchError, match=reason):
        fetch(f"{centre.origin}/loop", accept=ACCEPT, max_bytes=1000)


def test_a_slow_page_is_given_up(centre, monkeypatch):
    monkeypatch.setattr(article_fetching, "CONNECT_SECONDS", 0.2)
    centre.pages["/slow"] = Reply(wait_seconds=0.6, body=b"x", headers=HTML)
    refused = read(centre, "/slow")
    assert isinstance(refused, Refused)
    assert refused.reason == "took too long"
    assert refused.external_id == "help:slow"  # what could not be read is not gone


def test_a_redirect_on_the_same_host_is_followed(centre):
    centre.put("/new", "Moved", "Here it is, and it is long enough.")
    centre.pages["/old"] = Reply(301, headers={"Location": "/new"})
    assert read(centre, "/old").title == "Moved"


def test_robots_txt_is_obeyed_and_a_failing_server_is_left_alone(centre):
    centre.put("/private/a", "A", "This is a text that is long enough.")
    centre.robots = Reply(
        body=b"User-agent: *\nDisallow: /private/\nCrawl-delay: 2", headers={"Content-Type": "text/plain"}
    )
    assert "robots.txt" in read(centre, "/private/a").reason
    assert Site(centre.origin).pause_seconds == 2
    centre.robots = Reply(500)
    assert "robots.txt" in read(centre, "/private/a").reason
    assert [request.path for request in centre.requests] == ["/robots.txt"] * 3


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.3.4", "169.254.169.254", "0.0.0.1", "100.64.0.1"),
        *("::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::", "224.0.0.1"),
    ],
)
def test_private_addresses_are_not_public(address):
    assert not is_public(address)
    assert is_public("93.184.216.34")
    assert is_public("2606:4700::1111")


def test_nobody_is_led_into_our_own_network(centre, settings, monkeypatch):
    settings.IMPORT_PRIVATE_ADDRESSES = False
    with pytest.raises(FetchError, match="public internet"):
        fetch(f"{centre.origin}/a", accept=ACCEPT)
    two = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: two)
    with pytest.raises(FetchError, match="public internet"):
        fetch("http://rebinding.example/", accept=ACCEPT)
    assert centre.requests == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x.example/", "gopher://x", "http://", "http://x:99999/"])
def test_other_schemes_lead_nowhere(url):
    with pytest.raises(FetchError):
        fetch(url, accept=ACCEPT)


def test_pages_of_other_hosts_and_copies_are_left_out(centre):
    centre.put("/a", "A", "x")
    pages, refused = collect_pages(centre.sitemap("https://other.example/b", centre.origin + "/a"))
    assert [page.url for page in pages] == [f"{centre.origin}/a"]
    assert [one.place for one in refused] == ["https://other.example/b"]


def test_a_map_of_maps_is_followed_once(centre):
    centre.put("/a", "A", "x")
    index = f"<sitemapindex><sitemap><loc>{centre.origin}/sitemap.xml</loc></sitemap></sitemapindex>"
    pages, refused = collect_pages(index.encode())
    assert ([page.url for page in pages], refused) == ([f"{centre.origin}/a"], [])


@pytest.mark.parametrize(
    "content",
    [
        b"no xml",
        b"<html></html>",
        b"<urlset></urlset>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><urlset><url><loc>&a;</loc></url></urlset>',
    ],
)
def test_what_is_no_site_map_says_so(content):
    with pytest.raises(SitemapError):
        collect_pages(content)


def test_a_map_without_a_name_space_is_read_too():
    assert (
        read_sitemap(b"<urlset><url><loc> https://x.example/a </loc></url></urlset>")[0][0].url == "https://x.example/a"
    )
