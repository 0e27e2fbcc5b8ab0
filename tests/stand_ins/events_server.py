"""Takes events as the portal does, and misbehaves as told: what `script` holds comes first, one item a request."""

import gzip
import json
import socket
import struct
import threading
import time
import urllib.error
import urllib.request
from collections import Counter, deque
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Rude(Enum):
    RESET = auto()  # before anything was read
    RESET_AFTER_STORING = auto()
    HALF_AN_ANSWER = auto()  # after storing
    DRIP = auto()  # after storing, a byte every tenth of a second
    HANG = auto()  # until `release` is set, then no answer
    REFUSES_UNREAD = auto()  # 413 in the middle of the body, as proxies do
    PORTAL_OF_A_HOTEL = auto()  # status 200, and a page of somebody else


@dataclass(frozen=True)
class Refusal:
    status: int
    headers: dict[str, str] = field(default_factory=dict)


class EventsServer:
    """`stored` counts how often each event arrived; `forward_to` hands the requests to a real portal instead."""

    def __init__(self, *, forward_to: str | None = None) -> None:
        self.script: deque[Rude | Refusal] = deque()
        self.stored: Counter[str] = Counter()
        self.sizes: list[int] = []  # of the batches that were stored
        self.asked_at: list[float] = []
        self.max_events: int | None = None
        self.too_large: set[str] = set()
        self.rejects: set[str] = set()
        self.release = threading.Event()
        self.forward_to = forward_to
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                server.asked_at.append(time.monotonic())
                try:
                    server.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *args: Any) -> None:
                """Test output stays clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # a client that was killed
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        act = self.script.popleft() if self.script else None
        if act is Rude.RESET:
            reset(request)
            return
        if act is Rude.REFUSES_UNREAD:
            request.rfile.read(1000)
            reply(request, 413, b'{"detail": "too large"}', {"Connection": "close"})
            return
        body = request.rfile.read(int(request.headers["Content-Length"]))
        if act is Rude.HANG:
            self.release.wait(30)
            reset(request)
        elif act is Rude.PORTAL_OF_A_HOTEL:
            reply(request, 200, b"<h1>Welcome. Accept our terms.</h1>")
        elif isinstance(act, Refusal):
            reply(request, act.status, b'{"detail": "as told"}', act.headers)
        else:
            status, answer = self.forward(request, body) if self.forward_to else self.store(body)
            if act is Rude.HALF_AN_ANSWER:
                reply(request, status, answer, cut_to=len(answer) // 2)
            if act in (Rude.HALF_AN_ANSWER, Rude.RESET_AFTER_STORING):
                reset(request)
            else:
                reply(request, status, answer, seconds_a_byte=0.1 if act is Rude.DRIP else 0)

    def store(self, body: bytes) -> tuple[int, bytes]:
        ids = [json.loads(line)["id"] for line in gzip.decompress(body).splitlines()]
        if (self.max_events and len(ids) > self.max_events) or self.too_large & set(ids):
            return 413, b'{"detail": "too large"}'
        good = [each for each in ids if each not in self.rejects]
        answer = {
            "accepted": sum(each not in self.stored for each in good),
            "duplicates": sum(each in self.stored for each in good),
            "rejected": [
                {"index": index, "id": each, "field": "data.text", "error": "no"}
                for index, each in enumerate(ids)
                if each in self.rejects
            ],
        }
        self.stored.update(good)
        self.sizes.append(len(ids))
        return 200, json.dumps(answer).encode()

    def forward(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        names = ("Authorization", "Content-Type", "Content-Encoding")
        headers = {name: request.headers[name] for name in names}
        passed_on = urllib.request.Request(f"{self.forward_to}{request.path}", body, headers)
        try:
            with urllib.request.urlopen(passed_on) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def reset(request: BaseHTTPRequestHandler) -> None:
    """The client reads “connection reset by peer”, not an orderly end."""
    request.close_connection = True
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()


def reply(
    request: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    headers: dict[str, str] | None = None,
    *,
    cut_to: int | None = None,
    seconds_a_byte: float = 0,
) -> None:
    request.send_response(status)
    for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
        request.send_header(name, value)
    request.end_headers()
    if seconds_a_byte:
        for position in range(len(body)):
            request.wfile.write(body[position : position + 1])
            time.sleep(seconds_a_byte)
    else:
        request.wfile.write(body[:cut_to])
