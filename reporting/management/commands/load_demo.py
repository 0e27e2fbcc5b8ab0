import sys
import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from portal.local_stack.demo import demo_sign_in
from portal.models import ApiKey, Scope
from reporting.demo.accounts import NotOursError, is_public
from reporting.demo.load import STEPS, Load, begin, is_loaded, record_loaded
from reporting.demo.removal import remove_demo
from reporting.demo.stream import TOTAL


class Command(BaseCommand):
    help = (
        "Loads a made-up shop with ninety days of conversations through the real pipeline. Running it again changes "
        "nothing; after an interruption it completes the load."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anchor", type=date.fromisoformat, help="the day before which all ends (default: today)")
        parser.add_argument("--conversations", type=int, default=TOTAL, help="about how many (default: %(default)s)")
        parser.add_argument("--again", action="store_true", help="remove the demo first, so that it ends today")
        parser.add_argument("--api-key", action="store_true", help="also make an API key of the demo shop and print it")
        parser.add_argument("--force", action="store_true", help="even where other machines can reach this site")

    def handle(self, *_args: Any, **options: Any) -> None:
        if is_public() and not options["force"]:
            raise CommandError(
                "The demo's accounts have a known password, one of them an administrator's, and ALLOWED_HOSTS names "
                "more than this machine. If you want them here all the same, add --force."
            )
        if options["again"]:
            remove_demo()
        try:
            load = begin(anchor=options["anchor"], total=options["conversations"])
        except NotOursError as error:
            raise CommandError(str(error)) from error
        if is_loaded(load.merchant):
            self.stdout.write(f"The demo is loaded; it ends on {load.anchor:%d %B %Y}. (--again: loads it up to today)")
        else:
            self.run_steps(load)
        if options["api_key"]:
            _, key = ApiKey.create(
                load.merchant, name="Demo", scopes=[Scope.INGEST, Scope.READ, Scope.REVIEW], created_by=load.owner
            )
            self.stdout.write(f"API key of {load.merchant} (shown once): {key}")
        if options["verbosity"]:
            self.stdout.write(demo_sign_in())

    def run_steps(self, load: Load) -> None:
        """One bar over all steps on a terminal; elsewhere one line for each."""
        started = time.monotonic()
        bar = tqdm(
            total=sum(step.seconds for step in STEPS),
            bar_format="{desc:<36} {percentage:3.0f} % |{bar:30}| {elapsed}",
            disable=not sys.stderr.isatty(),
        )
        with bar:
            for step in STEPS:
                bar.set_description_str(f"Demo: {step.name}")
                step_started, shown = time.monotonic(), bar.n

                def show(share: float, *, begin: float = shown, seconds: int = step.seconds) -> None:
                    bar.update(begin + seconds * share - bar.n)

                step.run(load, show)
                show(1.0)
                if bar.disable:
                    self.stdout.write(f"Demo: {step.name}: {time.monotonic() - step_started:.1f} s")
        record_loaded(load)
        self.stdout.write(f"The demo shop {load.merchant} is ready ({time.monotonic() - started:.0f} s).")
