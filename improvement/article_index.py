"""The HNSW index of a merchant with many passages. Others are scanned exactly, which is right and as fast.

One index per large merchant and not one for all: pgvector looks at the merchant only after the scan, and every insert
of every merchant would pay for it (docs/decisions/027).
"""

from django.db import connection

from improvement.models import Chunk
from portal.models import Merchant

EXACT_BELOW = 10_000


def index_name(merchant: Merchant) -> str:
    return f"chunk_hnsw_{int(merchant.pk)}"


def is_indexed(merchant: Merchant) -> bool:
    """False while it is being made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [index_name(merchant)])
        row = cursor.fetchone()
    return bool(row and row[0])


def keep_index(merchant: Merchant) -> bool:
    """Makes the index when a merchant has grown large, after its passages were written; drops it when it is small.

    Returns whether there is one. Outside of a transaction, since others write meanwhile; safe to repeat.
    """
    n_chunks = Chunk.objects.for_merchant(merchant).count()
    name = index_name(merchant)
    with connection.cursor() as cursor:
        if n_chunks >= EXACT_BELOW and not is_indexed(merchant):
            # What an interrupted attempt left behind is of no use to anybody.
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            cursor.execute(
                f"CREATE INDEX CONCURRENTLY {name} ON improvement_chunk USING hnsw (embedding vector_cosine_ops) "
                f"WHERE merchant_id = {int(merchant.pk)}"
            )
        elif n_chunks < EXACT_BELOW // 2 and is_indexed(merchant):
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    return is_indexed(merchant)
