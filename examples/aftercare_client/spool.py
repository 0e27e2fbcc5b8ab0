"""Events that wait on disk, so that neither the end of this process nor an outage of hours loses one.

A folder of segments: files of JSON lines, each appended to by the one process that holds its lock. `put` returns when
the kernel has the line, which then survives the process (not a loss of power). A segment is removed when all of it was
settled. One whose lock is free belonged to a process that ended, and is adopted; what of it had been settled already is
sent again under the same ids, which changes nothing at the server. The last line of a killed process may be torn; it is
left out, because the call that wrote it never returned.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from aftercare_client.memory import Batch, MemoryQueue

try:
    import fcntl
except ImportError:  # Windows has no such locks; the client then keeps events in memory
    fcntl = None  # type: ignore[assignment]

MAX_LINE_BYTES = 1_000_000
# Every segment is an open file, as a lock is held on it; so there are few, however large the spool may become.
MAX_SEGMENTS = 64
MIN_SEGMENT_BYTES = 1024 * 1024
SECONDS_BETWEEN_ADOPTIONS = 30.0
SUFFIX = ".ndjson"


@dataclass(eq=False)
class Segment:
    path: Path
    fd: int
    is_own: bool
    size: int = 0
    settled: int = 0  # bytes from the start
    is_finished: bool = False  # nothing will be appended any more

    def read(self, max_events: int, max_bytes: int) -> list[bytes]:
        """Whole lines behind what is settled, at least one if there is any."""
        lines: list[bytes] = []
        n_bytes = 0
        for line in os.pread(self.fd, max_bytes + MAX_LINE_BYTES, self.settled).splitlines(keepends=True)[:max_events]:
            n_bytes += len(line)
            if not line.endswith(b"\n") or (lines and n_bytes > max_bytes):
                break
            lines.append(line)
        return lines


class DiskQueue:
    """What the disk does not take waits in `overflow`, in memory. Many threads put; one takes, settles and adopts."""

    def __init__(self, folder: Path, *, max_bytes: int, overflow: MemoryQueue) -> None:
        """Raises OSError where the folder cannot be used."""
        if fcntl is None:
            raise OSError("the spool needs the file locks of Linux or macOS")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._max_bytes, self._overflow = folder, max_bytes, overflow
        self._segment_bytes = max(MIN_SEGMENT_BYTES, max_bytes // MAX_SEGMENTS)
        self._segments: list[Segment] = []  # in the order of sending; the last may be the one that is written to
        self._active: Segment | None = None
        self._n_waiting = self._n_bytes = 0
        self._lock = threading.Lock()
        self._adopt()

    @property
    def n_waiting(self) -> int:
        """Events of this process; what it adopted is not among them."""
        return self._n_waiting + self._overflow.n_waiting

    @property
    def n_bytes(self) -> int:
        """With what it adopted."""
        return self._n_bytes + self._overflow.n_bytes

    def put(self, line: bytes) -> bool:
        """False where there is no room, neither on disk nor in memory."""
        with self._lock:
            if self._n_bytes + len(line) <= self._max_bytes and self._append(line):
                return True
        return self._overflow.put(line)

    def take(self, *, max_events: int, max_bytes: int) -> Batch | None:
        if time.monotonic() >= self._look_again_at:
            self._adopt()
        for segment in list(self._segments):
            is_finished = segment.is_finished  # read before the lines, as another may be appended in between
            if lines := segment.read(max_events, max_bytes):
                return Batch(lines, is_own=segment.is_own, origin=segment)
            if is_finished:
                self._remove(segment)
        return self._overflow.take(max_events=max_events, max_bytes=max_bytes)

    def settle(self, batch: Batch) -> None:
        segment: Segment | None = batch.origin
        if segment is None:
            self._overflow.settle(batch)
            return
        n_bytes = sum(len(line) for line in batch.lines)
        with self._lock:
            segment.settled += n_bytes
            self._n_bytes -= n_bytes
            if segment.is_own:
                self._n_waiting -= len(batch.lines)
        if segment.is_finished and segment.settled >= segment.size:
            self._remove(segment)

    def close(self) -> int:
        """What is on disk stays for the next process. Returns how many events are lost."""
        for segment in list(self._segments):
            if segment.settled >= segment.size:
                self._remove(segment)
            else:
                os.close(segment.fd)
        self._segments.clear()
        self._active = None
        return self._overflow.close()

    def forget(self) -> None:
        """In a forked child: the files and their locks are the parent's. To close them does not unlock them."""
        self._lock = threading.Lock()
        self._overflow.forget()
        for segment in self._segments:
            os.close(segment.fd)
        self._segments.clear()
        self._active, self._n_waiting, self._n_bytes = None, 0, 0

    def _append(self, line: bytes) -> bool:
        try:
            segment = self._find_active()
            written = os.write(segment.fd, line)
            if written < len(line):  # the disk is full: the torn line is cut off again
                os.ftruncate(segment.fd, segment.size)
                return False
        except OSError:
            return False
        segment.size += written
        self._n_bytes += written
        self._n_waiting += 1
        return True

    def _find_active(self) -> Segment:
        if self._active and self._active.size < self._segment_bytes:
            return self._active
        created = _create(self._folder)
        if self._active:
            self._active.is_finished = True
        self._segments.append(created)
        self._active = created
        return created

    def _remove(self, segment: Segment) -> None:
        with suppress(OSError):
            segment.path.unlink()
        with self._lock:
            self._segments.remove(segment)
            self._n_bytes -= segment.size - segment.settled  # a torn line, if anything
        os.close(segment.fd)

    def _adopt(self) -> None:
        """Takes over segments of processes that ended."""
        self._look_again_at = time.monotonic() + SECONDS_BETWEEN_ADOPTIONS
        known = {segment.path for segment in self._segments}
        found: list[Segment] = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if len(known) + len(found) >= 2 * MAX_SEGMENTS:
                break
            if path not in known and (segment := _claim(path)):
                found.append(segment)
        with self._lock:
            self._segments[:0] = found
            self._n_bytes += sum(segment.size for segment in found)


def _create(folder: Path) -> Segment:
    """Locked before it gets the name by which others find it."""
    path = folder / f"{time.time_ns()}-{os.getpid()}-{uuid4().hex[:8]}{SUFFIX}"
    draft = path.with_suffix(".new")
    fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        draft.rename(path)
    except OSError:
        os.close(fd)
        raise
    return Segment(path, fd, is_own=True)


def _claim(path: Path) -> Segment | None:
    """None where its process lives, or where another one was quicker."""
    try:
        fd = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(fd)
        if status.st_nlink == 0:  # sent and removed in between
            raise FileNotFoundError(path)
    except OSError:
        os.close(fd)
        return None
    return Segment(path, fd, is_own=False, size=status.st_size, is_finished=True)
