"""One POST of one batch, and what its answer means for the batch. Standard library only."""

from __future__ import annotations

import base64
import gzip
import http.client
import io
import json
import socket
import ssl
import time
import urllib.parse
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_RETRY_AFTER_SECONDS = 3600.0
HEADERS = {
    "Content-Type": "application/x-ndjson",
    "Content-Encoding": "gzip",
    "Accept": "application/json",
    "User-Agent": "aftercare-client-python/1.0",
}


class Verdict(Enum):
    TAKEN = "taken"
    TOO_LARGE = "too large"
    REFUSED = "refused"  # this batch will never be taken
    LATER = "later"  # the network or the server fails; it passes
    MISCONFIGURED = "misconfigured"  # key or address are wrong: no batch is taken until somebody puts that right


@dataclass(frozen=True)
class Answer:
    verdict: Verdict
    reason: str = ""
    status: int | None = None
    retry_after_seconds: float | None = None
    accepted: int = 0
    duplicates: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)


class Transport:
    """Keeps its connection. One thread uses it at a time."""

    def __init__(self, url: str, key: str, *, timeout_seconds: float) -> None:
        """`url` is where the portal is; a path in front of the API is kept. Raises ValueError for what is no URL."""
        self._target = urllib.parse.urlsplit(url.rstrip("/"))
        if self._target.scheme not in ("http", "https") or not self._target.hostname:
            raise ValueError(f"{url!r} is no address such as https://aftercare.example")
        self._path = f"{self._target.path}/api/v1/events"
        self._headers = {**HEADERS, "Authorization": f"Bearer {key}"}
        self._timeout_seconds = timeout_seconds
        self._connection: http.client.HTTPConnection | None = None

    def post(self, lines: list[bytes]) -> Answer:
        """Connecting, sending and reading may each take the time-out, however slowly the server speaks."""
        body = gzip.compress(b"".join(lines), compresslevel=5)
        is_reused = self._connection is not None
        try:
            try:
                return self._exchange(body)
            except (http.client.BadStatusLine, ConnectionError):
                self.disconnect()
                if not is_reused:
                    raise
                return self._exchange(body)  # the server had closed the connection while nothing was sent
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.disconnect()
            return Answer(Verdict.LATER, f"{type(error).__name__}: {error}")

    def disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.close()

    def forget(self) -> None:
        """In a forked child: the connection is the parent's."""
        self._connection = None

    def _exchange(self, body: bytes) -> Answer:
        connection = self._connection = self._connection or self._connect()
        if connection.sock is None:
            connection.connect()
        connection.sock.settimeout(self._timeout_seconds)
        # A server that refuses a body may answer and hang up before it has read all of it.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", self._path, body, self._headers)
        response = connection.getresponse()
        content = response.read(MAX_ANSWER_BYTES)
        if response.length:
            raise http.client.IncompleteRead(content, response.length)
        if response.will_close:
            self.disconnect()
        return read_answer(response.status, response.headers, content)

    def _connect(self) -> http.client.HTTPConnection:
        host, port, limit = self._target.hostname or "", self._target.port, self._timeout_seconds
        connection: http.client.HTTPConnection
        if self._target.scheme == "http":
            connection = http.client.HTTPConnection(host, port, timeout=limit)
        else:
            context = ssl.create_default_context()
            proxy = urllib.request.getproxies().get("https")
            if not proxy or urllib.request.proxy_bypass(host):
                connection = http.client.HTTPSConnection(host, port, timeout=limit, context=context)
            else:
                via = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
                connection = http.client.HTTPSConnection(
                    via.hostname or "", via.port or 8080, timeout=limit, context=context
                )
                connection.set_tunnel(host, port or 443, headers=_proxy_headers(via))
        connection.response_class = _TimedResponse
        return connection


class _TimedResponse(http.client.HTTPResponse):
    """The socket's own time-out starts anew with every byte; this one holds for the whole answer."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_TimedSocket(sock), *args, **kwargs)  # type: ignore[arg-type]


class _TimedSocket:
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock))


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._raw = sock, sock.makefile("rb", buffering=0)
        self._ends_at = time.monotonic() + (sock.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _proxy_headers(proxy: urllib.parse.SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    pair = f"{urllib.parse.unquote(proxy.username)}:{urllib.parse.unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def read_answer(status: int, headers: Any, content: bytes) -> Answer:
    if 200 <= status < 300:
        return _read_counts(status, content)
    reason = f"{status}: {_detail(content)}"
    if status == 413:
        return Answer(Verdict.TOO_LARGE, reason, status)
    if status in (408, 425, 429) or status >= 500:
        return Answer(Verdict.LATER, reason, status, parse_retry_after(headers.get("Retry-After")))
    if status < 400 or status in (401, 403, 404, 405, 407):
        where = headers.get("Location")
        return Answer(Verdict.MISCONFIGURED, f"{reason} (it points to {where})" if where else reason, status)
    return Answer(Verdict.REFUSED, reason, status)


def _read_counts(status: int, content: bytes) -> Answer:
    """Somebody else's page with status 200, such as a captive portal's, must not pass for an acknowledgement."""
    try:
        counts = json.loads(content)
        return Answer(
            Verdict.TAKEN,
            status=status,
            accepted=int(counts["accepted"]),
            duplicates=int(counts["duplicates"]),
            rejected=list(counts["rejected"]),
        )
    except (ValueError, TypeError, KeyError):
        return Answer(Verdict.LATER, f"{status}: the answer is not Aftercare's; is the URL right?", status)


def _detail(content: bytes) -> str:
    try:
        return str(json.loads(content)["detail"])[:300]
    except (ValueError, TypeError, KeyError):
        return "no reason given"


def parse_retry_after(value: str | None) -> float | None:
    """Seconds, at most an hour, from either form of the header (RFC 9110, 10.2.3); None where it cannot be read."""
    if not value:
        return None
    if value.strip().isdecimal():
        return min(float(value), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(value)
        seconds = (moment - datetime.now(timezone.utc)).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
