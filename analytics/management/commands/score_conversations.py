"""Scores what waits for a score, now and to the end. The scheduled task does the same in portions."""

import sys
from argparse import ArgumentParser
from datetime import date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone
from tqdm import tqdm

from analytics import scoring, scoring_queue
from analytics.carry_over import carry_over
from analytics.local_backlog import score_waiting_locally
from analytics.models import Conversation
from portal.models import Merchant
from portal.periods import Period, day_start


class Command(BaseCommand):
    help = (
        "Scores the quality of a merchant's ended conversations. What has a score of the current versions keeps it, so "
        "it may be repeated, and beside the schedule."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--merchant", required=True, help="Address (slug) of the merchant.")
        parser.add_argument(
            "--rescore",
            action="store_true",
            help="The judge also reads what only older versions of it or of the rubric have scored; needs --from.",
        )
        parser.add_argument("--from", dest="first", type=date.fromisoformat, help="First day of the conversations.")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="Last day; default: today.")

    def handle(self, *args: Any, merchant: str, **options: Any) -> None:
        owner = Merchant.objects.filter(slug=merchant).first()
        if owner is None:
            raise CommandError(f"There is no merchant “{merchant}”.")
        period = find_period(owner, **{name: options[name] for name in ("rescore", "first", "last")})
        n_weighed = self.weigh(owner)
        n_judged = self.judge(owner, period)
        n_local = self.score_locally(owner)
        left = waiting(owner, period, now=timezone.now()).count()
        carried = f"{n_weighed} weighed anew, " if n_weighed else ""
        self.stdout.write(f"{carried}{n_judged} scored by the judge, {n_local} by the local scorer, {left} still wait")
        if left:
            raise CommandError("The judge stopped; the failed calls say why.", returncode=2)

    def weigh(self, merchant: Merchant) -> int:
        with tqdm(file=sys.stderr, desc="weighed anew") as bar:

            def report(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            return carry_over(merchant, report=report)

    def judge(self, merchant: Merchant, period: Period | None) -> int:
        def find(now: datetime) -> QuerySet[Conversation]:
            return waiting(merchant, period, now=now)

        scores = scoring.judge_waiting(merchant, find, may_wait=True)
        to_judge = find(timezone.now()).count()
        return sum(score is not None for score in tqdm(scores, total=to_judge, file=sys.stderr, desc="judge"))

    def score_locally(self, merchant: Merchant) -> int:
        rows = scoring_queue.waiting_for_local(merchant, now=timezone.now())
        with tqdm(total=rows.count(), file=sys.stderr, desc="local scorer") as bar:
            n_scored = score_waiting_locally(merchant, now=timezone.now(), report=bar.update)
        if rows.exists():
            raise CommandError("Another worker is scoring this merchant's conversations.", returncode=2)
        return n_scored


def find_period(merchant: Merchant, *, rescore: bool, first: date | None, last: date | None) -> Period | None:
    """Raises CommandError; a whole history is never read again, and paid for, by a slip."""
    if rescore != (first is not None):
        raise CommandError("--rescore and --from go together: say which day is the first to be read again.")
    if first is None:
        return None
    until = last or timezone.now().astimezone(merchant.zone).date()
    if until < first:
        raise CommandError("--to is before --from.")
    end = day_start(until + timedelta(days=1), merchant.zone)
    return Period(day_start(first, merchant.zone), end, merchant.zone, "custom")


def waiting(merchant: Merchant, period: Period | None, *, now: datetime) -> QuerySet[Conversation]:
    return scoring_queue.waiting_for_judge(merchant, now=now, period=period)
