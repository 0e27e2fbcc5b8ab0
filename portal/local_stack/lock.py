"""One stack per run directory."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from portal.local_stack.addresses import addresses_file, lock_file, run_directory
from portal.local_stack.errors import StackError


@contextmanager
def stack_lock() -> Iterator[None]:
    """Held by the process that owns the servers; `addresses.is_running` asks for it."""
    home = run_directory()
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = lock_file().open("a")
    except PermissionError as error:
        raise StackError(
            f"Cannot write to {home}. It may belong to another user; set AFTERCARE_VAR=<folder>."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError(
                "Aftercare already runs from this copy. Stop it with Ctrl-C where it was started."
            ) from error
        try:
            yield
        finally:
            addresses_file().unlink(missing_ok=True)
