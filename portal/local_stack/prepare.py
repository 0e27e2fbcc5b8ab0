"""Between the servers' start and the web's: tables, schedule, interrupted tasks, demo merchant. Run as a module."""

import os

import django
from django.core.management import call_command, get_commands


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("seed_schedule")
    load_demo_once()


def load_demo_once() -> None:
    from portal.models import Merchant  # noqa: PLC0415 (needs Django's registry)

    if "load_demo" in get_commands() and not Merchant.objects.filter(is_demo=True).exists():
        call_command("load_demo")


if __name__ == "__main__":
    main()
