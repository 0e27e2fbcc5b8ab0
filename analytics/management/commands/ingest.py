"""Loads a file of events: one JSON event per line, gzip or not. Safe to repeat and to go on with after a break."""

import gzip
import sys
import zlib
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from analytics.body import MAX_EVENTS
from analytics.ingest import ingest_events
from portal.models import Merchant

Line = tuple[int, bytes]
MAX_LINE = 1024 * 1024
REJECTIONS_SHOWN = 50


class Command(BaseCommand):
    help = "Loads events from a file of JSON lines (.gz too). What is there already is skipped, so it may be repeated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--merchant", required=True, help="Address (slug) of the merchant.")
        parser.add_argument("--batch", type=int, default=MAX_EVENTS, help="Events per transaction.")

    def handle(self, *args: Any, file: Path, merchant: str, batch: int, **options: Any) -> None:
        owner = Merchant.objects.filter(slug=merchant).first()
        if owner is None:
            raise CommandError(f"There is no merchant “{merchant}”.")
        if batch < 1:
            raise CommandError("--batch must be at least 1.")
        try:
            n_bytes = file.stat().st_size
            with file.open("rb") as raw, tqdm(total=n_bytes, unit="B", unit_scale=True, file=sys.stderr) as bar:
                accepted, duplicates, rejected = self.load(owner, raw, bar, batch=batch, is_gzip=file.suffix == ".gz")
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error}.") from error
        except (EOFError, zlib.error) as error:
            raise CommandError(f"{file} is damaged; what came before is loaded.") from error
        self.stdout.write(f"{accepted} accepted, {duplicates} known already, {rejected} rejected")
        if rejected:
            raise CommandError(f"{rejected} lines were rejected.", returncode=2)

    def load(
        self, merchant: Merchant, raw: IO[bytes], bar: "tqdm[Any]", *, batch: int, is_gzip: bool
    ) -> tuple[int, int, int]:
        """Holds one batch in memory at a time. The bar follows the position in the (compressed) file."""
        accepted = duplicates = rejected = 0
        lines = read_lines(gzip.GzipFile(fileobj=raw) if is_gzip else raw)
        while portion := list(islice(lines, batch)):
            result = ingest_events(merchant, [msgspec.Raw(line) for _, line in portion], now=timezone.now())
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
