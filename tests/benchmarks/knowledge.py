"""What the knowledge base of the largest merchant holds: articles, a question for each conversation, gaps, drafts and
effects. Vectors and texts are drawn at random; only their number and size matter to who reads lists and counts."""

from datetime import timedelta

import numpy as np
from django.db import connection
from django.utils import timezone

from analytics.models import Conversation
from improvement.models import (
    Article,
    ArticleVersion,
    Draft,
    DraftRevision,
    DraftState,
    Effect,
    Gap,
    GapStatus,
    Priority,
)
from portal.embeddings import DIMENSIONS, model_name
from portal.models import Merchant

N_ARTICLES, N_GAPS, N_IN_REVIEW, N_VECTORS = 60, 80, 25, 500
STATUSES = (GapStatus.OPEN, GapStatus.OPEN, GapStatus.OPEN, GapStatus.IN_REVIEW, GapStatus.ADDRESSED)

# A third of the questions are covered by no article, a fifth belong to a gap.
_QUESTIONS = """
    WITH vectors AS (SELECT array_agg(embedding ORDER BY id) AS found FROM bench_vector)
    INSERT INTO improvement_question (merchant_id, conversation_id, text, asked_at, embedding, embedding_model,
        coverage_probability, is_covered, nearest_similarity, gap_id, created_at)
    SELECT merchant_id, c.id, question, started_at, found[1 + floor(random() * array_length(found, 1))::int], %(model)s,
        random(), random() < 0.67, random(),
        CASE WHEN random() < 0.2 THEN (%(gaps)s::bigint[])[1 + floor(random() * %(n_gaps)s)::int] END, started_at
    FROM analytics_conversation c, vectors WHERE merchant_id = %(merchant)s AND exclusion = '' ORDER BY c.id
"""


def fill_knowledge(merchant: Merchant) -> None:
    """Does nothing where there are gaps already."""
    if Gap.objects.for_merchant(merchant).exists():
        return
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(N_VECTORS, DIMENSIONS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    gaps = make_gaps(merchant, vectors)
    make_articles(merchant, gaps)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE bench_vector (id int, embedding vector({DIMENSIONS}))")
        cursor.executemany(
            "INSERT INTO bench_vector VALUES (%s, %s)", [(n, str(row.tolist())) for n, row in enumerate(vectors)]
        )
        ids = [gap.pk for gap in gaps]
        parameters = {"merchant": merchant.pk, "model": model_name(), "gaps": ids, "n_gaps": len(ids)}
        cursor.execute(_QUESTIONS, parameters)
        cursor.execute("DROP TABLE bench_vector")


def make_gaps(merchant: Merchant, vectors) -> list[Gap]:
    latest = Conversation.objects.for_merchant(merchant).latest("started_at").started_at
    gaps = Gap.objects.bulk_create(
        Gap(
            merchant=merchant,
            name=f"Topic number {number} that no article answers",
            keyphrases=["topic", f"number {number}"],
            status=STATUSES[number % len(STATUSES)],
            centroid=vectors[number],
            embedding_model=model_name(),
            n_questions=50 + number,
            questions_per_week=20 - number / 8,
            verified_resolution_rate=0.3,
            impact_per_week=14 - number / 8,
            money_per_week=40 - number / 4,
            priority=list(Priority)[number % 3],
            first_asked_at=latest - timedelta(days=200),
            last_asked_at=latest,
        )
        for number in range(N_GAPS)
    )
    for gap in [gap for gap in gaps if gap.status == GapStatus.IN_REVIEW][:N_IN_REVIEW]:
        draft = Draft.objects.create(merchant=merchant, gap=gap, state=DraftState.IN_REVIEW)
        DraftRevision.objects.create(
            draft=draft, number=1, title=gap.name, body="An answer.\n" * 40, writer="teammates"
        )
    return gaps


def make_articles(merchant: Merchant, gaps: list[Gap]) -> None:
    addressed = iter([gap for gap in gaps if gap.status == GapStatus.ADDRESSED])
    for number in range(N_ARTICLES):
        article = Article.objects.create(
            merchant=merchant, external_id=f"kb-{number}", title=f"Article {number}", updated_at=timezone.now()
        )
        version = ArticleVersion.objects.create(
            article=article, number=1, title=article.title, body="Text.\n" * 100, published_at=timezone.now()
        )
        article.live_version = version
        article.save(update_fields=["live_version"])
        if gap := next(addressed, None):
            Effect.objects.create(
                merchant=merchant,
                version=version,
                gap=gap,
                verdict="helped",
                n_before=200,
                n_after=90,
                rate_before=0.4,
                change=0.1,
                change_low=0.02,
                change_high=0.18,
                measured_at=timezone.now(),
            )
