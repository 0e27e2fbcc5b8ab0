"""A knowledge base of 100,000 passages: sentences of a shop's help, two to a passage, with the vectors that they have.

A passage's vector is the sum of its two sentences' own, which is about what the model gives for both together, in a
hundredth of the time. BENCH_PASSAGES for another size.
"""

import os
from datetime import UTC, datetime
from itertools import product

import numpy as np
from django.db import connection

from improvement.models import Article, ArticleStatus, ArticleVersion, Audience
from portal.embeddings import DIMENSIONS, embed, model_name

N_PASSAGES = int(os.environ.get("BENCH_PASSAGES", "100000"))
N_EACH = 20
N_SENTENCES, N_QUESTIONS = 3000, 200
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)

ACTS = (
    "return|exchange|repair|cancel|clean|assemble|charge|register|insure|track|install|update|reset|gift|pack|store|"
    "dim|mount|connect|replace|recycle|order|preorder|configure|review"
)
THINGS = (
    "lamp|desk lamp|bulb|dimmer|cable|floor lamp|ceiling light|garden light|gift card|invoice|subscription|parcel|"
    "account|remote control|battery|spare shade|power adapter|wall bracket|warranty|loyalty points"
)
CASES = (
    "within thirty days|before it has been sent|after a year of use|when the box is open|without a receipt|"
    "from another country|with a business account|in a shop near you|when a part is missing|on a public holiday|"
    "for somebody else|if the payment failed|with model QX-77|over the phone|while it rains|at no cost|"
    "with a voucher|in the app|for a school|as a guest"
)
SAYS = (
    "You can {act} your {thing} {case}.",
    "To {act} a {thing} {case}, write to our team first.",
    "We {act} every {thing} {case} and confirm it by email.",
)
ASKS = (
    "How do I {act} my {thing} {case}?",
    "can i {act} a {thing} {case}",
    "{thing} {case}: what must I do to {act} it",
)

_CHUNKS = f"""
    INSERT INTO improvement_chunk (merchant_id, article_id, position, heading, text, word_config, embedding,
        embedding_model)
    SELECT a.merchant_id, a.id, p, '', one.text || ' ' || two.text, 'english', l2_normalize(one.v + two.v), %(model)s
    FROM improvement_article a CROSS JOIN generate_series(0, {N_EACH} - 1) p
    JOIN bench_sentence one ON one.id = (a.external_id::int * 7 + p * 131) %% %(n)s
    JOIN bench_sentence two ON two.id = (a.external_id::int * 61 + p * 17 + a.external_id::int / 50) %% %(n)s
    WHERE a.merchant_id = %(merchant)s ORDER BY a.id, p
"""


def fill_large(merchant) -> None:
    """Nine of ten articles in English, a few in French; one of a hundred for the team; a twentieth archived."""
    rng = np.random.default_rng(11)
    n = N_PASSAGES // N_EACH
    Article.objects.bulk_create(
        Article(
            merchant=merchant,
            external_id=str(number),
            title=f"Article {number}",
            language="en" if draws[0] < 0.9 else "de" if draws[0] < 0.986 else "fr",
            audience=Audience.INTERNAL if draws[1] < 0.01 else Audience.PUBLIC,
            status=ArticleStatus.ARCHIVED if draws[2] < 0.05 else ArticleStatus.PUBLISHED,
            updated_at=NOW,
        )
        for number, draws in enumerate(rng.random((n, 3)))
    )
    articles = list(Article.objects.for_merchant(merchant))
    versions = ArticleVersion.objects.bulk_create(
        ArticleVersion(article=one, number=1, title=one.title, body="…", published_at=NOW) for one in articles
    )
    for article, version in zip(articles, versions, strict=True):
        article.live_version = version
    Article.objects.bulk_update(articles, ["live_version"], batch_size=1000)
    sentences = draw_sentences(rng, SAYS, N_SENTENCES)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_sentence")
        cursor.execute(f"CREATE TEMP TABLE bench_sentence (id int PRIMARY KEY, text text, v vector({DIMENSIONS}))")
        cursor.executemany(
            "INSERT INTO bench_sentence VALUES (%s, %s, %s)",
            [(i, text, str(v.tolist())) for i, (text, v) in enumerate(zip(sentences, embed(sentences), strict=True))],
        )
        cursor.execute(_CHUNKS, {"merchant": merchant.pk, "model": model_name(), "n": N_SENTENCES})
        cursor.execute("VACUUM ANALYZE improvement_chunk")
        cursor.execute("VACUUM ANALYZE improvement_article")


def draw_questions() -> list[str]:
    return draw_sentences(np.random.default_rng(12), ASKS, N_QUESTIONS)


def draw_sentences(rng, forms: tuple[str, ...], n: int) -> list[str]:
    whole = list(product(forms, *(parts.split("|") for parts in (ACTS, THINGS, CASES))))
    chosen = rng.choice(len(whole), n, replace=False)
    return [whole[i][0].format(act=whole[i][1], thing=whole[i][2], case=whole[i][3]) for i in chosen]
