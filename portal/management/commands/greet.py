"""Loads the demo shop where `make run` found none, while the web already answers, and notes how to sign in."""

from typing import Any

from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from portal.local_stack.addresses import sign_in_file
from portal.local_stack.demo import demo_sign_in


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Loading the demo shop (once, a few minutes) …")
        try:
            call_command("load_demo", verbosity=0)  # `make run` tells the sign-in at the end
        except CommandError as error:  # a site that others can reach gets no accounts with a known password
            self.stderr.write(f"Without the demo shop. {error}")
        sign_in_file().write_text(demo_sign_in())
