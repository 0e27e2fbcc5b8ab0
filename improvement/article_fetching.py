"""Fetches pages of one host for an import: bounded in size and time, polite, and never inside of our own network.

The address is looked up once and connected to as it was found, so that a name cannot lead elsewhere between the check
and the call. Redirects are followed on the same host alone.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from django.conf import settings

USER_AGENT = "Aftercare-Import"
MAX_PAGE_BYTES = 3_000_000
MAX_SECONDS = 20
CONNECT_SECONDS = 8
MAX_REDIRECTS = 5
# Between two requests; a site's own Crawl-delay counts up to the second number.
PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 5.0
BLOCK = 65_536
PORTS = {"http": 80, "https": 443}
REDIRECTS = (301, 302, 303, 307, 308)


class FetchError(Exception):
    """Why there is no page; the text is for people."""


@dataclass(frozen=True, slots=True)
class Fetched:
    url: str  # after redirects
    content: bytes
    content_type: str
    charset: str


def find_address(host: str, port: int) -> str:
    """An IP address of the host that is public. Raises FetchError where one of them is not."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError(f"{host} was not found") from error
    addresses = [str(one[4][0]) for one in found]
    if not settings.IMPORT_PRIVATE_ADDRESSES and not all(is_public(address) for address in addresses):
        raise FetchError(f"{host} is not on the public internet")
    return addresses[0]


def is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if inner is not None:
            return is_public(str(inner))
    return parsed.is_global and not parsed.is_multicast


class _Direct(http.client.HTTPConnection):
    """Connects to an address that was checked, and speaks to the host by its name."""

    def __init__(self, host: str, port: int, *, address: str, is_tls: bool) -> None:
        super().__init__(host, port, timeout=CONNECT_SECONDS)
        self.address, self.is_tls = address, is_tls

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), CONNECT_SECONDS)
        if self.is_tls:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        else:
            self.sock = plain


def fetch(url: str, *, accept: tuple[str, ...], max_bytes: int = MAX_PAGE_BYTES) -> Fetched:
    """Raises FetchError. `accept`: media types."""
    deadline = time.monotonic() + MAX_SECONDS
    host = urlsplit(url).hostname
    for _redirect in range(MAX_REDIRECTS + 1):
        answer = fetch_once(url, accept, max_bytes, deadline)
        if isinstance(answer, Fetched):
            return answer
        url = urljoin(url, answer)
        if urlsplit(url).hostname != host:
            raise FetchError(f"leads to another host, {urlsplit(url).hostname}")
    raise FetchError("leads from one address to the next without end")


def fetch_once(url: str, accept: tuple[str, ...], max_bytes: int, deadline: float) -> Fetched | str:
    """The page, or where it has moved to."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise FetchError("no address that begins with http:// or https://")
    try:
        port = parts.port or PORTS[parts.scheme]
    except ValueError as error:
        raise FetchError("no port that exists") from error
    connection = _Direct(
        parts.hostname, port, address=find_address(parts.hostname, port), is_tls=parts.scheme == "https"
    )
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"User-Agent": USER_AGENT, "Accept": ", ".join(accept), "Accept-Encoding": "identity"}
        connection.request("GET", path, headers={**headers, "Connection": "close"})
        response = connection.getresponse()
        if response.status in REDIRECTS and (target := response.getheader("Location")):
            return target
        if response.status != http.HTTPStatus.OK:
            raise FetchError(f"the server answered {response.status}")
        kind = response.headers.get_content_type()
        if kind not in accept:
            raise FetchError(f"is {kind}, not {' or '.join(accept)}")
        content = read_bounded(response, connection.sock, max_bytes, deadline)
        return Fetched(url, content, kind, response.headers.get_content_charset() or "utf-8")
    except TimeoutError as error:
        raise FetchError("took too long") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchError(f"could not be read: {error}"[:200]) from error
    finally:
        connection.close()


def read_bounded(
    response: http.client.HTTPResponse, connected: socket.socket | None, max_bytes: int, deadline: float
) -> bytes:
    """A server that sends a byte now and then is given up, too."""
    parts: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if connected is not None:
            connected.settimeout(min(left, CONNECT_SECONDS))
        part = response.read1(BLOCK)
        if not part:
            return b"".join(parts)
        size += len(part)
        if size > max_bytes:
            raise FetchError(f"larger than {max_bytes // 1_000_000} MB")
        parts.append(part)


@dataclass
class Site:
    """One host: its robots.txt, and how fast it may be asked."""

    origin: str
    rules: RobotFileParser = field(init=False)
    pause_seconds: float = field(init=False, default=PAUSE_SECONDS)
    _last: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.rules = read_robots(self.origin)
        delay = self.rules.crawl_delay(USER_AGENT)
        self.pause_seconds = min(max(float(delay or 0), PAUSE_SECONDS), MAX_PAUSE_SECONDS)

    def fetch(self, url: str, *, accept: tuple[str, ...], max_bytes: int = MAX_PAGE_BYTES) -> Fetched:
        if not self.rules.can_fetch(USER_AGENT, url):
            raise FetchError("the site’s robots.txt does not allow it")
        time.sleep(max(0.0, self._last + self.pause_seconds - time.monotonic()))
        try:
            return fetch(url, accept=accept, max_bytes=max_bytes)
        finally:
            self._last = time.monotonic()


def read_robots(origin: str) -> RobotFileParser:
    """Without such a file everything is allowed; where the server fails nothing is (RFC 9309)."""
    rules = RobotFileParser()
    try:
        found = fetch(f"{origin}/robots.txt", accept=("text/plain",), max_bytes=500_000)
        rules.parse(found.content.decode("utf-8", "replace").splitlines())
    except FetchError as error:
        is_failure = "answered 5" in str(error)
        rules.parse(["User-agent: *", "Disallow: /"] if is_failure else ["User-agent: *", "Allow: /"])
    return rules
