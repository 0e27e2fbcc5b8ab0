"""Writes docs/metrics.md from the registry of metrics."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from analytics.metrics_page import with_registry


class Command(BaseCommand):
    help = "Writes docs/metrics.md from the registry of metrics."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "metrics.md"
        path.write_text(with_registry(path.read_text()))
        self.stdout.write(f"wrote {path}")
