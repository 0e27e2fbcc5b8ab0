"""One stack per run directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from portal.local_stack.addresses import addresses_file, lock_file, run_directory
from portal.local_stack.errors import StackError


@contextmanager
def stack_lock(purpose: str) -> Iterator[None]:
    """Held by the process that owns the servers; `addresses.is_running` asks. `purpose` is told to a second one."""
    home = run_directory()
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = lock_file().open("a+")
    except OSError as error:
        raise StackError(
            f"Cannot write to {home} ({error.strerror}). Set AFTERCARE_VAR to a folder of your own."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise StackError(f"Aftercare already runs from this copy: {lock.read()}. Stop that one first.") from error
        lock.truncate(0)
        lock.write(f"process {os.getpid()} {purpose}")
        lock.flush()
        try:
            yield
        finally:
            addresses_file().unlink(missing_ok=True)
