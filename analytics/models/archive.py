"""Files of events that have left the database. The row is written in the transaction that deletes the events."""

from django.db import models

from portal.models.scoped import MerchantScoped


class ArchivedPeriod(MerchantScoped):
    """One file: whole conversations with all their events, in the format that `manage.py ingest` reads."""

    path = models.CharField(max_length=200)  # below ARCHIVE_DIR
    starts_at = models.DateTimeField()  # of the first event
    ends_at = models.DateTimeField()  # of the last one
    n_events = models.PositiveIntegerField()
    n_conversations = models.PositiveIntegerField(default=0)
    n_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)  # of the file as it lies there
    archived_at = models.DateTimeField()
    restored_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [models.UniqueConstraint(fields=["merchant", "path"], name="archive_path_once")]

    def __str__(self) -> str:
        return self.path
