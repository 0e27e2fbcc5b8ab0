"""What `make run` does between the servers' start and the web's: tables, schedule, interrupted tasks."""

from argparse import ArgumentParser
from typing import Any

from django.core.checks import Tags
from django.core.management import call_command
from django.core.management.base import BaseCommand

from portal.celery import app
from portal.local_stack.addresses import sign_in_file
from portal.local_stack.demo import DEMO_LOADED, demo_sign_in
from portal.models import AuditEntry, Merchant


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []  # one of them imports every view; the database's are run below

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--own-broker", action="store_true", help="no other worker uses this broker")

    def handle(self, *args: Any, **options: Any) -> None:
        self.check(tags=[Tags.database], databases=["default"])
        call_command("migrate", interactive=False, verbosity=0)
        call_command("seed_schedule")
        if options["own_broker"]:
            requeue_interrupted_tasks()
        sign_in_file().unlink(missing_ok=True)
        if not needs_demo():  # else `greet` writes it
            sign_in_file().write_text(demo_sign_in())


def needs_demo() -> bool:
    """On a database without merchants, and where an earlier load was interrupted."""
    if Merchant.objects.filter(is_demo=True).exists():
        return not AuditEntry.objects.filter(verb=DEMO_LOADED).exists()
    return not Merchant.objects.exists()


def requeue_interrupted_tasks() -> None:
    """Tasks that a killed worker had begun: Celery itself would wait for the visibility timeout, an hour."""
    with app.connection(transport_options={"visibility_timeout": 0}) as connection:
        channel: Any = connection.default_channel
        channel.qos.restore_visible(num=None, interval=1)
