from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        post_migrate.connect(_adopt_engine, sender=self)
        from analytics.models import LabelTask  # noqa: PLC0415 - models load after this file
        from portal.models import Merchant  # noqa: PLC0415
        from portal.navigation import register_count  # noqa: PLC0415

        def count_waiting_labels(merchant: Merchant) -> int:
            return int(LabelTask.objects.for_merchant(merchant).filter(closed_at=None).count())

        register_count("quality", count_waiting_labels, label=_("waiting for a label"))


def _adopt_engine(plan: object = None, **rest: Any) -> None:
    """`flush`, which tests call, sends this signal too, without a plan."""
    from analytics import timescale  # noqa: PLC0415 - no database before the apps are ready

    if plan is not None:
        timescale.adopt_engine()
