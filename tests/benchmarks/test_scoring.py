"""How fast one worker scores a merchant's history locally, whole path: reading, embedding, reasons, storing.

BENCH_SCORED=10000 conversations, told by the demo: once as it repeats itself, once with every message made distinct.
Beside each stands the physical limit in the same run: the same texts through the embedding model and nothing else.
Processor seconds count where other work shares the machine.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from django.utils import timezone

from analytics.ingest import ingest_events
from analytics.models import Conversation, QualityScore
from analytics.passages import split_passages
from analytics.scoring_queue import waiting_for_local
from analytics.transcript import read_transcripts
from portal.local_stack.addresses import PROJECT_ROOT
from portal.models import Merchant
from reporting.demo.publication import save_topic_article
from reporting.demo.stream import build_events
from reporting.demo.topics import help_pages
from tests.benchmarks.report import describe, record
from tests.servers import addresses

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]
N = int(os.environ.get("BENCH_SCORED", "10000"))
BATCH = 1000
MORE_THAN_SCORED = 1.25  # some conversations are open, excluded or have no answer
BARE = """
import json, sys, django
django.setup()
from portal.embeddings import embed
texts = json.load(open(sys.argv[1]))
for start in range(0, len(texts), 500):
    embed(texts[start : start + 500])
"""


@dataclass(frozen=True, slots=True)
class Spent:
    wall: float  # seconds
    processor: float  # seconds of all threads
    peak: float  # MB


def tell(merchant: Merchant, *, is_distinct: bool) -> None:
    anchor = datetime.now(UTC).date()
    for number, (topic, language) in enumerate(help_pages()):
        save_topic_article(merchant, topic, language, at=timezone.now() - timedelta(days=500 + number))
    events = build_events(anchor, total=int(N * MORE_THAN_SCORED))
    if is_distinct:
        events = [made_distinct(number, event) for number, event in enumerate(events)]
    for start in range(0, len(events), BATCH):
        assert not ingest_events(merchant, events[start : start + BATCH], now=timezone.now()).rejected
    waiting = waiting_for_local(merchant, now=timezone.now())
    rest = waiting.values_list("pk", flat=True)[N:]
    Conversation.objects.for_merchant(merchant).filter(pk__in=list(rest)).update(exclusion="test")
    assert waiting.count() == N, "the demo told too few"


def made_distinct(number: int, event: dict) -> dict:
    if "text" not in event["data"]:
        return event
    return event | {"data": event["data"] | {"text": f"{event['data']['text']} Case {number}."}}


def texts_of(merchant: Merchant) -> Iterator[str]:
    conversations = list(Conversation.objects.for_merchant(merchant).filter(exclusion="").exclude(outcome="open"))
    for transcript in read_transcripts(merchant, conversations):
        for exchange in transcript.exchanges():
            yield exchange.question
            yield from split_passages(exchange.answer)


def run(*command: str) -> Spent:
    environment = {**os.environ, **addresses(), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    started = time.perf_counter()
    spent = 0.0, 0.0
    with subprocess.Popen(
        [sys.executable, *command], cwd=PROJECT_ROOT, env=environment, stderr=subprocess.DEVNULL
    ) as it:
        while it.poll() is None:
            spent = look_at(it.pid) or spent
            time.sleep(0.05)
    assert it.returncode == 0
    return Spent(time.perf_counter() - started, *spent)


def look_at(pid: int) -> tuple[float, float] | None:
    """Processor seconds and the highest resident size so far; None where it has just ended."""
    try:
        times = psutil.Process(pid).cpu_times()
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except (psutil.NoSuchProcess, FileNotFoundError):
        return None
    return None if peak is None else (times.user + times.system, int(peak[1]) / 1024)


@pytest.mark.parametrize("is_distinct", [False, True])
def test_one_worker_scores_a_history(merchant, redis_server, tmp_path, is_distinct):

    tell(merchant, is_distinct=is_distinct)
    scored = run("manage.py", "score_conversations", "--merchant", merchant.slug)
    assert QualityScore.objects.for_merchant(merchant).count() == N
    texts = list(texts_of(merchant))
    listing = tmp_path / "texts.json"
    listing.write_text(json.dumps(texts))
    bare = run("-c", BARE, str(listing))
    what = "every text distinct" if is_distinct else "texts as the demo repeats them"
    describe(f"Scoring, {what}", f"{N:,} conversations, {len(texts):,} texts, {len(set(texts)):,} distinct")
    per_10_000 = 10_000 / N
    record(section="Scoring", name=f"wall time, {what}", value=scored.wall * per_10_000, unit="s", target="< 120")
    record(section="Scoring", name=f"processor time, {what}", value=scored.processor * per_10_000, unit="s")
    record(section="Scoring", name=f"embedding alone, {what}", value=bare.processor * per_10_000, unit="s")
    record(section="Scoring", name=f"times embedding alone, {what}", value=scored.processor / bare.processor, unit="")
    record(section="Scoring", name=f"highest memory, {what}", value=scored.peak, unit="MB", target="< 500")
