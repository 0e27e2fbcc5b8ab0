"""Starts children one after the other, shows their output line by line, and stops them in reverse."""

import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portal.local_stack.children import Child
from portal.local_stack.errors import StackError
from portal.local_stack.leftovers import record_children

COLOURS = {"web": 36, "worker": 33, "scheduler": 35}


@dataclass(frozen=True, slots=True)
class Running:
    child: Child
    process: "subprocess.Popen[bytes]"


class Supervisor:
    """Single-threaded: every wait is a `pause` that reads, so a full pipe can never block a child."""

    def __init__(self, *, record: Path | None = None, grace_seconds: float = 15) -> None:
        """`record` is the file that names the children for the start after a kill; `grace_seconds` before SIGKILL."""
        self._record, self._grace_seconds = record, grace_seconds
        self._running: list[Running] = []
        self._n_stop_requests = 0
        self._selector = selectors.DefaultSelector()
        self._unfinished: dict[int, bytes] = {}
        self._coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def listen(self) -> None:
        """From now on SIGINT, SIGTERM and SIGHUP make the next `pause` raise KeyboardInterrupt.

        The handler itself raises nothing: Python drops what is raised while it runs a finaliser or a callback.
        """
        for stop in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell's background job starts with it ignored
            signal.signal(stop, self._request_stop)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # ignored under nohup
            signal.signal(signal.SIGHUP, self._request_stop)

    def start(self, child: Child) -> "subprocess.Popen[bytes]":
        process = child.start()
        self._running.append(Running(child, process))
        self._write_record()
        if process.stdout:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ, child.name)
        return process

    def run_once(self, child: Child) -> None:
        """Runs a child to its end on this terminal; its progress bars show."""
        process = child.start(shows_output=True)
        self._running.append(Running(child, process))
        while process.poll() is None:
            self.pause(0.05)
        self._running.pop()
        if process.returncode:
            raise StackError(f"{child.name} failed (exit code {process.returncode}).")

    def watch(self) -> None:
        """Returns never: one child's end ends the stack, so that nobody works with half of it."""
        while True:
            self.pause(0.5)
            self.raise_if_ended()

    def raise_if_ended(self) -> None:
        for each in self._running:
            if (code := each.process.poll()) is not None:
                self.show_output(0)
                raise StackError(f"{each.child.name} ended by itself (exit code {code}); stopping the rest.")

    def pause(self, seconds: float) -> None:
        """Waits, and shows what the children say meanwhile. Raises KeyboardInterrupt when a stop was asked for."""
        self.show_output(seconds)
        if self._n_stop_requests:
            raise KeyboardInterrupt

    def show_output(self, seconds: float) -> None:
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            chunk = os.read(key.fd, 65536)
            if not chunk:
                self._selector.unregister(key.fileobj)
            lines = (self._unfinished.pop(key.fd, b"") + chunk).split(b"\n")
            if lines[-1]:
                self._unfinished[key.fd] = lines[-1]
            for line in lines[:-1]:
                self._show(key.data, line.decode(errors="replace"))

    def stop(self) -> None:
        """Those started last go first; PostgreSQL and Redis outlive the processes that use them.

        A second Ctrl-C waits for nobody.
        """
        servers = [each for each in self._running if each.child.log]
        self._stop_all([each for each in reversed(self._running) if not each.child.log])
        self._stop_all(servers)
        self._running.clear()
        self._write_record()

    def _stop_all(self, group: list[Running]) -> None:
        for each in group:
            if each.process.poll() is None:
                each.process.send_signal(each.child.stop)
        deadline = time.monotonic() + self._grace_seconds
        while any(each.process.poll() is None for each in group):
            if time.monotonic() > deadline or self._n_stop_requests > 1:
                break
            self.show_output(0.05)
        for each in group:
            with suppress(ProcessLookupError, PermissionError):  # what its session has left, if anything
                os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait()

    def _request_stop(self, *_: object) -> None:
        self._n_stop_requests += 1

    def _write_record(self) -> None:
        if self._record:
            record_children(self._record, [(each.process.pid, each.child.stop) for each in self._running])

    def _show(self, name: str, line: str) -> None:
        label = f"{name:<9} |"
        if self._coloured:
            label = f"\033[{COLOURS.get(name, 0)}m{label}\033[0m"
        with suppress(BrokenPipeError):  # nobody reads any longer, but the stack goes on
            sys.stdout.write(f"{label} {line}\n")
            sys.stdout.flush()
