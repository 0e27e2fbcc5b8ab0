"""Moves events past their retention into files, now; the nightly task does the same."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from analytics import archiving, timescale
from analytics.archive_files import ArchiveError
from portal.models import Merchant


class Command(BaseCommand):
    help = "Moves events past EVENT_RETENTION_DAYS into files in ARCHIVE_DIR. May be broken off and repeated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--merchant", help="Address (slug) of the only merchant to do this for.")

    def handle(self, *args: Any, merchant: str | None, **options: Any) -> None:
        now = timezone.now()
        merchants = Merchant.objects.filter(slug=merchant) if merchant else Merchant.objects.all()
        if merchant and not merchants:
            raise CommandError(f"There is no merchant “{merchant}”.")
        before, n_events, n_files = archiving.border(now), 0, 0
        for each in merchants:
            n_expired = archiving.count_expired(each, before=before)
            with tqdm(total=n_expired, desc=each.slug, unit=" events", file=sys.stderr) as bar:
                try:
                    for period in archiving.archive_events(each, now=now):
                        bar.update(period.n_events)
                        n_events, n_files = n_events + period.n_events, n_files + 1
                except (ArchiveError, OSError) as error:
                    raise CommandError(f"{each.slug}: {error}") from error
        n_chunks = timescale.drop_empty_chunks(before=before)
        chunks = f", {n_chunks} chunks dropped" if n_chunks else ""
        self.stdout.write(f"{n_events} events of before {before:%Y-%m-%d} left for {n_files} files{chunks}")
