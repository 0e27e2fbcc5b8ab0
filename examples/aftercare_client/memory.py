"""Events that wait in memory: bounded, first in, first out. Many threads put; one takes and settles."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Any


@dataclass(frozen=True)
class Batch:
    """Lines that were taken but not settled: they still count as waiting, and come again until they are settled.

    `origin` tells the queue where they are.
    """

    lines: list[bytes]
    is_own: bool = True
    origin: Any = None


class MemoryQueue:
    def __init__(self, *, max_events: int, max_bytes: int) -> None:
        self.max_events, self.max_bytes = max_events, max_bytes
        self.n_waiting = 0
        self.n_bytes = 0
        self._lines: deque[bytes] = deque()
        self._lock = threading.Lock()

    def put(self, line: bytes) -> bool:
        """False where there is no room."""
        with self._lock:
            if self.n_waiting >= self.max_events or self.n_bytes + len(line) > self.max_bytes:
                return False
            self._lines.append(line)
            self.n_waiting += 1
            self.n_bytes += len(line)
            return True

    def take(self, *, max_events: int, max_bytes: int) -> Batch | None:
        """The oldest lines, at least one if there is any."""
        lines: list[bytes] = []
        n_bytes = 0
        with self._lock:
            for line in islice(self._lines, max_events):
                n_bytes += len(line)
                if lines and n_bytes > max_bytes:
                    break
                lines.append(line)
        return Batch(lines) if lines else None

    def settle(self, batch: Batch) -> None:
        with self._lock:
            for line in batch.lines:
                self._lines.popleft()
                self.n_waiting -= 1
                self.n_bytes -= len(line)

    def close(self) -> int:
        """Returns how many events are lost with it."""
        n_lost = self.n_waiting
        self.forget()
        return n_lost

    def forget(self) -> None:
        """As in a forked child: what waits is the parent's, whose other threads may have held the lock."""
        self._lock = threading.Lock()
        self._lines.clear()
        self.n_waiting = self.n_bytes = 0
