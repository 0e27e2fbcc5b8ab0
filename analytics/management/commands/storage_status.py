"""How the events are stored: engine, sizes, retention, archive."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Max, Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from analytics import archiving, timescale
from analytics.models import ArchivedPeriod


class Command(BaseCommand):
    help = "Shows how the events are stored: engine, sizes, retention, archive."

    def handle(self, *args: Any, **options: Any) -> None:
        storage = timescale.read_storage()
        files = ArchivedPeriod.objects.aggregate(n=Sum("n_events"), n_bytes=Sum("n_bytes"), last=Max("archived_at"))
        lines = {"engine": f"TimescaleDB {storage.version}" if storage.version else "PostgreSQL, plain table"}
        lines["events"] = filesizeformat(storage.n_bytes)
        if storage.first_at:
            lines["events"] += f", from {storage.first_at:%Y-%m-%d} to {storage.last_at:%Y-%m-%d}"
        if storage.version:
            lines["chunks"] = f"{storage.n_chunks}, {storage.n_packed_chunks} of them in the columnstore"
        if storage.n_bytes_packed:
            ratio = storage.n_bytes_before_packing / storage.n_bytes_packed
            lines["columnstore"] = f"{filesizeformat(storage.n_bytes_packed)}, {ratio:.1f} times smaller than before"
        lines["retention"] = f"{settings.EVENT_RETENTION_DAYS} days: before {archiving.border(timezone.now()):%Y-%m-%d}"
        lines["archive"] = f"{files['n'] or 0} events in {filesizeformat(files['n_bytes'] or 0)}"
        if files["last"]:
            lines["archive"] += f", last written {files['last']:%Y-%m-%d}"
        missing = [
            period.path for period in ArchivedPeriod.objects.all() if not (settings.ARCHIVE_DIR / period.path).exists()
        ]
        lines["missing files"] = ", ".join(missing) or "none"
        for name, value in lines.items():
            self.stdout.write(f"{name:14} {value}")
