"""The files of archived events: one JSON event per line, gzip, as `manage.py ingest` reads them."""

import gzip
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
from django.conf import settings
from msgspec import Struct

from analytics.events import Event, EventError, decode_event
from analytics.expired import StoredEvent
from portal.models import Merchant

PART = ".part-"
PIECE = 1024 * 1024


class ArchiveError(Exception):
    """What was written cannot be read back, so nothing may be deleted."""


class Line(Struct, frozen=True):
    """The contract of events."""

    id: str
    type: str
    conversation_id: str
    occurred_at: str
    channel: str
    data: dict[str, object]


def write_line(event: StoredEvent) -> bytes:
    occurred_at = event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    line = Line(str(event.id), event.type, event.thread, occurred_at, event.channel, event.data)
    return msgspec.json.encode(line) + b"\n"


def root() -> Path:
    return Path(settings.ARCHIVE_DIR)


def folder_of(merchant: Merchant) -> Path:
    return root() / str(merchant.pk)


@contextmanager
def written(merchant: Merchant, events: Iterable[StoredEvent]) -> Iterator[Path]:
    """A file under another name, on disk for good. It is gone at the end unless it was put in its place."""
    folder = folder_of(merchant)
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=PART, dir=folder)
    part = Path(name)
    try:
        # Without a time and a name the same events are the same bytes.
        with open(handle, "wb") as raw:
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                for event in events:
                    packed.write(write_line(event))
            raw.flush()
            os.fsync(raw.fileno())
        yield part
    finally:
        part.unlink(missing_ok=True)


def read_back(path: Path, *, now: datetime) -> Iterator[Event]:
    """The events as a restore would take them. Raises ArchiveError."""
    try:
        with gzip.open(path) as packed:
            for line in packed:
                yield decode_event(line, now=now, is_restored=True)
    except (OSError, EOFError, EventError) as error:
        raise ArchiveError(f"{path.name} cannot be read back: {error}") from error


def put_in_place(part: Path, path: Path) -> None:
    """Replaces what a killed run may have left under this name."""
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as raw:
        while piece := raw.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def path_of(merchant: Merchant, day: date, number: int) -> str:
    """Below the root. Named by the key, because the address of a merchant may change hands."""
    return f"{merchant.pk}/{day}.ndjson.gz" if number == 1 else f"{merchant.pk}/{day}.{number}.ndjson.gz"


def remove_parts(merchant: Merchant, *, before: datetime) -> None:
    """What killed runs left behind."""
    for part in folder_of(merchant).glob(f"{PART}*"):
        if datetime.fromtimestamp(part.stat().st_mtime, UTC) < before:
            part.unlink(missing_ok=True)
