"""The search of one merchant's 100,000 passages: its index, what the index misses, and how long people wait."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import timezone

from improvement.article_index import drop_index, index_name, keep_index
from improvement.article_search import Filter, find_candidates, search_articles, weigh_words
from improvement.models import Audience
from improvement.word_counting import count_frequent_words
from portal.embeddings import embed, model_name
from tests.benchmarks.large_knowledge import draw_questions, fill_large
from tests.benchmarks.report import record

pytestmark = pytest.mark.django_db(transaction=True)

SECTION = "Article search"
N_EXACT = 50
FILTERS = {
    "all": Filter(),
    "German, a tenth": Filter(language="de"),
    "French, one of seventy": Filter(language="fr"),
    "for the team, one of a hundred": Filter(audiences=[Audience.INTERNAL]),
}


def note(name: str, value: float, unit: str, target: str = "") -> None:
    record(section=SECTION, name=name, value=value, unit=unit, target=target)
    print(f"{name}: {value:.3g} {unit}", flush=True)


def note_times(name: str, ask: Callable[[int], object], n: int, target: str = "") -> None:
    times = []
    for at in range(n):
        started = time.perf_counter()
        ask(at)
        times.append((time.perf_counter() - started) * 1000)
    note(f"{name}: median", float(np.median(times)), "ms")
    note(f"{name}: p95", float(np.percentile(times, 95)), "ms", target)


def nearest(merchant, vector, wanted: Filter, n: int = 10) -> set[str]:
    found = find_candidates(merchant, vector, [], wanted, model=model_name())
    return {one.text for one in sorted(found, key=lambda one: -one.similarity)[:n]}


def plan_of(merchant, vector) -> str:
    asked = []

    def keep(run, sql, params, many, context):
        asked.append((sql, params))
        return run(sql, params, many, context)

    with connection.execute_wrapper(keep):
        find_candidates(merchant, vector, [], model=model_name())
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, params in asked:
            if sql.startswith("SET LOCAL"):
                cursor.execute(sql, params)
        cursor.execute(*next((f"EXPLAIN {sql}", params) for sql, params in asked if "near AS" in sql))
        return "\n".join(row[0] for row in cursor.fetchall())


def build(merchant) -> None:
    pid = connection.connection.info.backend_pid
    started = time.perf_counter()
    assert keep_index(merchant, model_name())
    note("index: time to make", time.perf_counter() - started, "s")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size(%s::regclass) / 1e6", [index_name(merchant, model_name())])
        note("index: size", float(cursor.fetchone()[0]), "MB")
    try:
        with open(f"/proc/{pid}/status") as status:
            peak = next(line for line in status if line.startswith("VmHWM"))
        note("index: memory of the server's process at most", int(peak.split()[1]) / 1024, "MB")
    except OSError:
        pass  # a server elsewhere
    started = time.perf_counter()
    count_frequent_words(merchant, model_name(), now=timezone.now())
    note("frequent words: time to count", time.perf_counter() - started, "s")


def test_a_hundred_thousand_passages(merchant):
    fill_large(merchant)
    questions = draw_questions()
    vectors = embed(questions)
    exact = {name: [nearest(merchant, v, wanted) for v in vectors[:N_EXACT]] for name, wanted in FILTERS.items()}
    build(merchant)
    assert index_name(merchant, model_name()) in plan_of(merchant, vectors[0])
    for name, wanted in FILTERS.items():
        kept = [len(exact[name][at] & nearest(merchant, vectors[at], wanted)) / 10 for at in range(N_EXACT)]
        note(f"{name}: recall@10 against the exact scan", float(np.mean(kept)), "", "≥ 0.95")
        assert np.mean(kept) >= 0.9
    n = len(questions)
    words = [weigh_words(merchant, question, model_name()) for question in questions]
    note_times("vectors alone", lambda at: find_candidates(merchant, vectors[at], [], model=model_name()), n)
    note_times("words alone, weighed", lambda at: weigh_words(merchant, questions[at], model_name()), n)
    note_times("both", lambda at: find_candidates(merchant, vectors[at], words[at], model=model_name()), n)
    for name, wanted in FILTERS.items():
        note_times(f"search, {name}", lambda at, w=wanted: search_articles(merchant, questions[at], 5, w), n, "< 100")
    drop_index(index_name(merchant, model_name()))
