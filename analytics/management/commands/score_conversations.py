"""Scores what waits for a score, now and to the end. The scheduled task does the same in portions."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from analytics import scoring, scoring_queue
from portal.models import Merchant


class Command(BaseCommand):
    help = "Scores the quality of a merchant's ended conversations. What has a score keeps it, so it may be repeated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--merchant", required=True, help="Address (slug) of the merchant.")

    def handle(self, *args: Any, merchant: str, **options: Any) -> None:
        owner = Merchant.objects.filter(slug=merchant).first()
        if owner is None:
            raise CommandError(f"There is no merchant “{merchant}”.")
        now = timezone.now()
        to_judge = scoring_queue.waiting_for_judge(owner, now=now).count()
        judged = list(tqdm(scoring.judge_waiting(owner, now=now), total=to_judge, file=sys.stderr, desc="judge"))
        n_judged = sum(score is not None for score in judged)
        waiting = scoring_queue.waiting_for_local(owner, now=now)
        n_local = 0
        with tqdm(total=waiting.count(), file=sys.stderr, desc="local scorer") as bar:
            while batch := list(waiting[: scoring.LOCAL_BATCH]):
                n_local += scoring.score_locally(owner, batch, now=now)
                bar.update(len(batch))
        left = scoring_queue.waiting_for_judge(owner, now=now).count()
        self.stdout.write(f"{n_judged} scored by the judge, {n_local} by the local scorer, {left} still wait")
        if left:
            raise CommandError("The judge stopped; the failed calls say why.", returncode=2)
