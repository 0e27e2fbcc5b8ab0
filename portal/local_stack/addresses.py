"""Where this copy's servers listen. The run directory holds it while they run; the environment and .env go first."""

import fcntl
import json
import os
import secrets
from pathlib import Path

import environ

PROJECT_ROOT = Path(__file__).resolve().parents[2]


def run_directory() -> Path:
    """The folder that holds everything the local stack writes: data, logs, outbox, secret key."""
    return Path(os.environ.get("AFTERCARE_VAR") or PROJECT_ROOT / "var").resolve()


def addresses_file() -> Path:
    return run_directory() / "addresses.json"


def children_record() -> Path:
    return run_directory() / "processes.json"


def sign_in_file() -> Path:
    return run_directory() / "sign-in.txt"


def lock_file() -> Path:
    return run_directory() / "stack.lock"


def is_running() -> bool:
    """Whether a live process holds the stack's lock. The kernel frees it even at kill -9, so it cannot be stale."""
    try:
        with lock_file().open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, PermissionError):
        return False
    except BlockingIOError:
        return True
    return False


def export_addresses() -> None:
    """Sets DATABASE_URL and REDIS_URL: from .env, else from the running local stack, where the environment has none."""
    environ.Env.read_env(PROJECT_ROOT / ".env")
    if is_running() and addresses_file().exists():
        for name, value in json.loads(addresses_file().read_text()).items():
            os.environ[name] = os.environ.get(name) or value


def write_addresses(addresses: dict[str, str]) -> None:
    """Written whole or not at all, because manage.py may read at any moment."""
    draft = addresses_file().with_suffix(".new")
    draft.write_text(json.dumps(addresses, indent=2))
    draft.replace(addresses_file())


def local_secret_key() -> str:
    """The signing key of this copy, made at first use and readable by its owner only."""
    path = run_directory() / "secret_key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text()
