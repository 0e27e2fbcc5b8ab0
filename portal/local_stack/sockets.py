"""Where a server's Unix socket may lie: the kernel takes paths of about a hundred characters only."""

import hashlib
import os
import tempfile
from pathlib import Path

from portal.local_stack.errors import StackError

# sun_path holds 104 bytes on macOS and 108 on Linux, with a closing zero.
LONGEST_PATH = 103
LONGEST_NAME = len("/.s.PGSQL.5432.lock")


def socket_directory(home: Path, *, owner: int) -> Path:
    """`home` itself, or where its path is too long a folder for it alone under the temporary directory.

    Both are closed to other users: the servers trust whoever can open the socket.
    """
    if len(os.fsencode(home)) + LONGEST_NAME <= LONGEST_PATH:
        return home
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"aftercare-{owner}-{name}"
    if not short.exists():
        short.mkdir(mode=0o700)
        os.chown(short, owner, -1)
    found = short.lstat()
    if short.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
        raise StackError(f"{short} is not a private folder of this user; remove it.")
    return short
