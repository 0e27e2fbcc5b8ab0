"""Counts merchants anew from their events. Safe while events come in; interrupted, it goes on where it stopped."""

import sys
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from analytics.models import Conversation, Counting, Reconciliation
from analytics.recount import RecountRunningError, Window, recount_merchant
from portal.models import Merchant
from portal.periods import day_start


class Command(BaseCommand):
    help = "Counts conversations and rollups anew from the events, and says what has changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--merchant", help="Address (slug) of one merchant; default: all.")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, help="First day of the conversations.")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="Last day; default: today.")
        parser.add_argument(
            "--metric-version", type=int, help="Only merchants whose numbers follow older rules than these."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["last"] and not options["first"]:
            raise CommandError("--to needs --from.")
        merchants = self.choose(options["merchant"], options["metric_version"])
        n_failed = 0
        for merchant in merchants:
            try:
                found = self.count(merchant, window_of(merchant, options["first"], options["last"]))
            except RecountRunningError as error:
                n_failed += 1
                self.stderr.write(f"{error} It proves the numbers as well; ask again when it has ended.")
                continue
            self.stdout.write(self.describe(merchant, found))
        if not merchants:
            self.stdout.write("Nothing to count anew.")
        if n_failed:
            raise CommandError(f"{n_failed} merchants were left out.", returncode=2)

    def choose(self, slug: str | None, version: int | None) -> list[Merchant]:
        merchants = Merchant.objects.filter(slug=slug) if slug else Merchant.objects.all()
        if slug and not merchants:
            raise CommandError(f"There is no merchant “{slug}”.")
        if version is not None:
            merchants = merchants.filter(pk__in=Counting.objects.filter(rules_version__lt=version).values("merchant"))
        return list(merchants)

    def count(self, merchant: Merchant, window: Window | None) -> Reconciliation:
        rows = Conversation.objects.for_merchant(merchant)
        if window:
            rows = rows.filter(started_at__gte=window[0], started_at__lt=window[1])
        total = rows.values("thread").distinct().count()
        with tqdm(total=total, unit="thread", desc=merchant.slug, file=sys.stderr) as bar:
            return recount_merchant(
                merchant, now=timezone.now(), window=window, report=lambda n: bar.update(min(n, total) - bar.n)
            )

    def describe(self, merchant: Merchant, found: Reconciliation) -> str:
        changed = f"{found.n_conversations_changed} conversations changed"
        return f"{merchant.slug}: {changed}, {found.n_buckets_changed} of {found.n_buckets} hours repaired"


def window_of(merchant: Merchant, first: date | None, last: date | None) -> Window | None:
    """The days in the merchant's zone, both included."""
    if first is None:
        return None
    last = last or timezone.now().astimezone(merchant.zone).date()
    if last < first:
        raise CommandError(f"--to {last} is before --from {first}.")
    return day_start(first, merchant.zone), day_start(last + timedelta(days=1), merchant.zone)
