"""A process that the stack starts, and that may not outlive it."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(sent: signal.Signals, *, parent: int) -> None:
    """Asks Linux to send this signal when the parent ends, however it ends. Elsewhere the next start cleans up."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, sent)
    if os.getppid() != parent:  # it ended before the kernel was asked
        os.kill(os.getpid(), sent)


@dataclass(frozen=True, slots=True)
class Child:
    """`stop` ends it in good order; `orphaned` is what the kernel sends it if the stack's own process is killed."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGKILL
    user: str | None = None
    log: Path | None = None

    def start(self, *, shows_output: bool = False) -> "subprocess.Popen[bytes]":
        """In a session of its own, so that Ctrl-C reaches the stack alone, which then stops its children in order.

        Output goes to `log`, or to the terminal with `shows_output`, or to a pipe.
        """
        output = self.log.open("ab") if self.log else None
        try:
            return subprocess.Popen(
                [str(part) for part in self.command],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output or (None if shows_output else subprocess.PIPE),
                stderr=None if shows_output and not output else subprocess.STDOUT,
                start_new_session=True,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
                preexec_fn=partial(die_with_parent, self.orphaned, parent=os.getpid()),  # noqa: PLW1509 (the stack has one thread)
            )
        finally:
            if output:
                output.close()
