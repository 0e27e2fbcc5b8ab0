"""Takes events from the agent's threads and gives them to one thread that sends them. The agent never waits for it."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from aftercare_client.conversation import Channel, Conversation
from aftercare_client.delivery import Delivery, Rejected
from aftercare_client.encoding import encode_event
from aftercare_client.memory import Batch, MemoryQueue
from aftercare_client.spool import MAX_LINE_BYTES, DiskQueue
from aftercare_client.transport import Transport

logger = logging.getLogger("aftercare")

MEMORY_BYTES = 64 * 1024 * 1024
# How often a client without events looks for the spool of a process that ended.
IDLE_SECONDS = 30.0

_clients: weakref.WeakSet[Aftercare] = weakref.WeakSet()


@dataclass(frozen=True)
class Counts:
    """Since the client was made in this process. `sent` counts every attempt; `queued` waits for an answer now."""

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    dropped: int = 0
    queued: int = 0


@dataclass(frozen=True)
class Limits:
    """`linger_seconds`: how long an event waits for others to go with; `close_seconds`: how long an exit may take."""

    max_queued: int = 10_000
    max_spool_bytes: int = 256 * 1024 * 1024
    batch_events: int = 500
    batch_bytes: int = 1_000_000
    linger_seconds: float = 1.0
    timeout_seconds: float = 10.0
    close_seconds: float = 5.0
    shortest_pause_seconds: float = 0.5
    longest_pause_seconds: float = 60.0


class Aftercare:
    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        spool: str | os.PathLike[str] | None = None,
        on_rejected: Callable[[Rejected], object] | None = None,
        limits: Limits | None = None,
    ) -> None:
        """`url` and `key` default to AFTERCARE_URL and AFTERCARE_KEY. Without, nothing is recorded, which is logged.

        `spool` is a folder on a local disk; without one, events wait in memory. `on_rejected` is called by the thread
        that sends, and by the caller's own for what is no event at all. Raises ValueError for a `url` that is none.
        """
        url, key = url or os.environ.get("AFTERCARE_URL"), key or os.environ.get("AFTERCARE_KEY")
        self._is_on = bool(url and key)
        if not self._is_on:
            logger.warning("Aftercare: no url or no key, so no event is recorded")
        self._limits = limits = limits or Limits()
        self._transport = Transport(url or "http://localhost", key or "", timeout_seconds=limits.timeout_seconds)
        self._delivery = Delivery(
            self._transport.post,
            pause=self._pause,
            count=self._count,
            on_rejected=on_rejected,
            max_events=limits.batch_events,
            shortest_pause_seconds=limits.shortest_pause_seconds,
            longest_pause_seconds=limits.longest_pause_seconds,
        )
        self._queue = _open_queue(spool, limits)
        self._is_closing = self._has_ended = self._has_had_last_try = False
        self._deadline = float("inf")
        self._begin()
        _clients.add(self)
        if self._is_on and self._queue.n_bytes:
            self._start_thread()

    def conversation(self, conversation_id: str, *, channel: Channel = "api") -> Conversation:
        return Conversation(self, conversation_id, channel)

    def record(
        self,
        kind: str,
        conversation_id: str,
        *,
        channel: Channel,
        data: Mapping[str, Any],
        occurred_at: datetime | None = None,
        event_id: str | UUID | None = None,
    ) -> str:
        """Any event by its name; `conversation` has a method for each. Returns its id, at once and whatever happens."""
        name = str(event_id or uuid4())
        if not self._is_on:
            return name
        try:
            self._put(encode_event(name, kind, str(conversation_id), channel, occurred_at, data))
        except Exception as error:  # whatever the agent gave us: the agent must not fail here
            event = {"id": name, "type": kind, "conversation_id": conversation_id}
            self._delivery.reject(Rejected(event, "", f"{type(error).__name__}: {error}", None))
        return name

    def flush(self, timeout: float = 10.0) -> bool:
        """Waits until all that was recorded before is answered; False where that takes longer. Shortens no pause."""
        with self._changed:
            target = self._n_recorded
            if target > self._n_settled:
                self._start_thread()
            self._flush_to = target
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._n_settled >= target, timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Sends what waits for at most `close_seconds`; then a spool keeps the rest, and without one it is lost.

        Returns whether nothing was left. At exit it is called by itself.
        """
        timeout = self._limits.close_seconds if timeout is None else timeout
        with self._changed:
            if not self._is_closing:
                self._is_closing, self._deadline = True, time.monotonic() + timeout
            thread = self._thread
            self._changed.notify_all()
        if thread and thread.is_alive():
            if thread is not threading.current_thread():
                thread.join(timeout)
        elif not self._has_ended:
            self._run()  # no thread could be started, or none was needed
        return self._n_settled == self._n_recorded

    @property
    def counts(self) -> Counts:
        with self._changed:
            return replace(self._counts, queued=self._n_recorded - self._n_settled - self._n_lost)

    def __enter__(self) -> Aftercare:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start_anew_in_child(self) -> None:
        """After a fork: what waits, the connection and the thread are the parent's."""
        self._queue.forget()
        self._transport.forget()
        self._begin()

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._counts = Counts()
        self._n_recorded: int = 0
        self._n_settled: int = 0
        self._n_lost: int = 0
        self._flush_to = 0

    def _put(self, line: bytes) -> None:
        if len(line) > MAX_LINE_BYTES:
            raise ValueError(f"{len(line)} bytes, more than any event may have")
        with self._changed:
            self._start_thread()
            if not self._is_closing and self._queue.put(line):
                self._n_recorded += 1
                if self._queue.n_waiting == 1 or self._is_due():
                    self._changed.notify_all()
                return
            self._count(dropped=1)
        why = "it is closed" if self._is_closing else "too many wait for the server"
        self._delivery.complain("dropped", f"events are dropped, because {why}")

    def _start_thread(self) -> None:
        if self._is_closing or (self._thread and self._thread.is_alive()):
            return
        thread = threading.Thread(target=self._run, name="aftercare", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter ends: close() sends instead
            return
        self._thread = thread

    def _run(self) -> None:
        try:
            while batch := self._next_batch():
                left = self._delivery.deliver(batch.lines)
                answered = batch.lines[: len(batch.lines) - len(left)]
                self._queue.settle(replace(batch, lines=answered))
                with self._changed:
                    self._n_settled += len(answered) if batch.is_own else 0
                    self._changed.notify_all()
                if left:
                    break
        except Exception:
            logger.exception("Aftercare: the sending thread failed; the next event starts another")
        if self._is_closing:
            self._end()

    def _next_batch(self) -> Batch | None:
        """Waits for one that is worth sending. None when the client is closed and nothing, or no time, is left."""
        while True:
            with self._changed:
                if not self._queue.n_bytes and not self._is_closing:
                    self._changed.wait(IDLE_SECONDS)
                if self._queue.n_waiting:
                    self._changed.wait_for(self._is_due, self._limits.linger_seconds)
            if time.monotonic() > self._deadline:
                return None
            limit = min(self._limits.batch_events, self._delivery.max_events)
            batch = self._queue.take(max_events=limit, max_bytes=self._limits.batch_bytes)
            if batch or self._is_closing:
                return batch

    def _is_due(self) -> bool:
        return (
            self._is_closing
            or self._flush_to > self._n_settled
            or self._queue.n_waiting >= self._limits.batch_events
            or self._queue.n_bytes >= self._limits.batch_bytes
        )

    def _pause(self, seconds: float, *, is_ordered: bool) -> bool:
        ends_at = time.monotonic() + seconds
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing, seconds)
        if not self._is_closing:
            return True
        if not is_ordered and not self._has_had_last_try:
            self._has_had_last_try = True
            return True
        if ends_at > self._deadline:
            return False
        time.sleep(max(0.0, ends_at - time.monotonic()))
        return True

    def _end(self) -> None:
        self._has_ended = True
        self._transport.disconnect()
        n_left = self._n_recorded - self._n_settled
        self._n_lost = self._queue.close()
        self._count(dropped=self._n_lost)
        if n_left:
            kept = f"{n_left - self._n_lost} wait in the spool, {self._n_lost} are lost"
            logger.warning("Aftercare: closed with %s events undelivered: %s", n_left, kept)

    def _count(self, **more: int) -> None:
        with self._changed:
            self._counts = replace(self._counts, **{name: getattr(self._counts, name) + n for name, n in more.items()})


def _open_queue(spool: str | os.PathLike[str] | None, limits: Limits) -> MemoryQueue | DiskQueue:
    memory = MemoryQueue(max_events=limits.max_queued, max_bytes=MEMORY_BYTES)
    if spool is None:
        return memory
    try:
        return DiskQueue(Path(spool), max_bytes=limits.max_spool_bytes, overflow=memory)
    except OSError as error:
        logger.error("Aftercare: events wait in memory, because the spool cannot be used: %s", error)
        return memory


def _close_all() -> None:
    for client in list(_clients):
        client.close()


def _start_anew_in_child() -> None:
    for client in list(_clients):
        client.start_anew_in_child()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew_in_child)
