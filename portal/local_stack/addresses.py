"""Where the local stack's servers listen, kept in the run directory while they run."""

import json
import os
import secrets
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]


def run_directory() -> Path:
    """The folder that holds everything the local stack writes: data, logs, outbox, secret key."""
    return Path(os.environ.get("AFTERCARE_VAR", PROJECT_ROOT / "var")).resolve()


def addresses_file() -> Path:
    return run_directory() / "addresses.json"


def export_addresses() -> None:
    """Sets DATABASE_URL and REDIS_URL from the running local stack where the environment has none."""
    path = addresses_file()
    if not path.exists():
        return
    for name, value in json.loads(path.read_text()).items():
        os.environ.setdefault(name, value)


def write_addresses(addresses: dict[str, str]) -> None:
    path = addresses_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(addresses, indent=2))


def local_secret_key() -> str:
    """The signing key of this copy, made at first use and readable by its owner only."""
    path = run_directory() / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()
