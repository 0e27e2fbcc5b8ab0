"""Loads a file of events: one JSON event per line, gzip or not. Safe to repeat and to go on with after a break."""

import gzip
import sys
import zlib
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from analytics.archive_files import sha256_of
from analytics.body import MAX_EVENTS
from analytics.ingest import IngestResult, ingest_events
from analytics.models import ArchivedPeriod
from analytics.restoring import by_thread, restore_events
from portal.models import Merchant

Line = tuple[int, bytes]
Load = Callable[..., IngestResult]
MAX_LINE = 1024 * 1024
REJECTIONS_SHOWN = 50


class Command(BaseCommand):
    help = "Loads events from a file of JSON lines (.gz too). What is there already is skipped, so it may be repeated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--merchant", required=True, help="Address (slug) of the merchant.")
        parser.add_argument("--batch", type=int, default=MAX_EVENTS, help="Events per transaction.")
        parser.add_argument("--restore", action="store_true", help="Takes events of any age: a file of the archive.")

    def handle(self, *args: Any, file: Path, merchant: str, batch: int, restore: bool = False, **options: Any) -> None:
        owner = Merchant.objects.filter(slug=merchant).first()
        if owner is None:
            raise CommandError(f"There is no merchant “{merchant}”.")
        if batch < 1:
            raise CommandError("--batch must be at least 1.")
        try:
            n_bytes = file.stat().st_size
            with file.open("rb") as raw, tqdm(total=n_bytes, unit="B", unit_scale=True, file=sys.stderr) as bar:
                lines = read_lines(gzip.GzipFile(fileobj=raw) if file.suffix == ".gz" else raw)
                if restore:
                    portions, load = by_thread(lines, at_least=batch), restore_events
                else:
                    portions, load = iter(lambda: list(islice(lines, batch)), []), ingest_events
                accepted, duplicates, rejected = self.load(owner, raw, bar, portions=portions, load=load)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error}.") from error
        except (EOFError, zlib.error) as error:
            raise CommandError(f"{file} is damaged; what came before is loaded.") from error
        self.stdout.write(f"{accepted} accepted, {duplicates} known already, {rejected} rejected")
        if rejected:
            raise CommandError(f"{rejected} lines were rejected.", returncode=2)
        if restore:
            restored = ArchivedPeriod.objects.for_merchant(owner).filter(sha256=sha256_of(file))
            restored.update(restored_at=timezone.now())

    def load(
        self, merchant: Merchant, raw: IO[bytes], bar: "tqdm[Any]", *, portions: Iterator[list[Line]], load: Load
    ) -> tuple[int, int, int]:
        """Holds one batch in memory at a time. The bar follows the position in the (compressed) file."""
        accepted = duplicates = rejected = 0
        for portion in portions:
            result = load(merchant, [msgspec.Raw(line) for _, line in portion], now=timezone.now())
            accepted += result.accepted
            duplicates += result.duplicates
            for rejection in result.rejected:
                rejected += 1
                if rejected <= REJECTIONS_SHOWN:
                    number = portion[rejection.index][0]
                    tqdm.write(f"line {number}: {rejection.field or 'event'}: {rejection.error}", file=sys.stderr)
            if rejected > REJECTIONS_SHOWN:
                bar.set_postfix_str(f"{rejected} rejected")
            bar.update(raw.tell() - bar.n)
        return accepted, duplicates, rejected


def read_lines(stream: IO[bytes] | gzip.GzipFile) -> Iterator[Line]:
    """Numbered from 1, blank ones left out. A line without an end is cut, and then rejected as no JSON."""
    number = 0
    while line := stream.readline(MAX_LINE):
        number += 1
        while not line.endswith(b"\n") and (rest := stream.readline(MAX_LINE)):
            # The rest of an endless line is dropped piece by piece, never held.
            if rest.endswith(b"\n"):
                break
        if line.strip():
            yield number, line
