from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        post_migrate.connect(_adopt_engine, sender=self)


def _adopt_engine(plan: object = None, **_: Any) -> None:
    """`flush`, which tests call, sends this signal too, without a plan."""
    from analytics import timescale  # noqa: PLC0415 - no database before the apps are ready

    if plan is not None:
        timescale.adopt_engine()
