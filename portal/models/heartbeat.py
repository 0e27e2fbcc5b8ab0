"""The last sign of life of the scheduler, as the worker saw it."""

from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def beat(cls, name: str, *, at: datetime) -> None:
        cls.objects.update_or_create(name=name, defaults={"beat_at": at})
