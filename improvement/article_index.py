"""The HNSW index of a merchant with many passages. Others are scanned exactly, which is right and as fast.

One index per large merchant and model, not one for all: pgvector looks at the merchant only after the scan, and every
insert of every merchant would pay for it (docs/decisions/027).
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Count

from improvement.models import Chunk
from portal.models import Merchant

EXACT_BELOW = 10_000
PREFIX = "chunk_hnsw_"
# A build that does not fit into memory takes many times as long: 100,000 passages need 230 MB.
BYTES_EACH = 2_600
MOST_MEGABYTES = 2_000
_LOCK = "hashtext('improvement_chunk hnsw')"


def index_name(merchant: Merchant, model: str) -> str:
    return f"{PREFIX}{int(merchant.pk)}_{hashlib.sha256(model.encode()).hexdigest()[:8]}"


def is_indexed(merchant: Merchant, model: str) -> bool:
    """False while it is being made."""
    return find_index(index_name(merchant, model)) is True


def find_index(name: str) -> bool | None:
    """Whether it is valid; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
        row = cursor.fetchone()
    return bool(row[0]) if row else None


def keep_index(merchant: Merchant, model: str) -> bool:
    """Makes the index when a merchant has grown large, after its passages were written; drops it when it is small.

    Returns whether there is one. Outside of a transaction, since others write meanwhile; safe to repeat.
    """
    n_chunks = Chunk.objects.for_merchant(merchant).filter(embedding_model=model).count()
    is_there = is_indexed(merchant, model)
    if n_chunks < EXACT_BELOW // 2 and is_there:
        drop_index(index_name(merchant, model))
    elif n_chunks >= EXACT_BELOW and not is_there:
        with alone() as is_alone:
            if is_alone:
                make_index(merchant, model, n_chunks)
    return is_indexed(merchant, model)


def make_index(merchant: Merchant, model: str, n_chunks: int) -> None:
    name = index_name(merchant, model)
    megabytes = min(64 + n_chunks * BYTES_EACH // 1_000_000, MOST_MEGABYTES)
    # What an interrupted attempt left behind is of no use to anybody.
    drop_index(name)
    with connection.cursor() as cursor:
        cursor.execute(f"SET maintenance_work_mem = '{megabytes}MB'")
        # Workers would share that memory in /dev/shm, of which a container has little.
        cursor.execute("SET max_parallel_maintenance_workers = 0")
        try:
            cursor.execute(
                f"CREATE INDEX CONCURRENTLY {name} ON improvement_chunk USING hnsw (embedding vector_cosine_ops) "
                f"WHERE merchant_id = {int(merchant.pk)} AND embedding_model = %s",
                [model],
            )
        finally:
            cursor.execute("RESET maintenance_work_mem")
            cursor.execute("RESET max_parallel_maintenance_workers")


def drop_index(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def keep_indexes() -> int:
    """For all merchants, those that left included; returns how many indexes there are. Safe to repeat."""
    counts = Chunk.objects.values_list("merchant_id", "embedding_model").annotate(n=Count("pk")).order_by()
    large = {(pk, model) for pk, model, n in counts if n >= EXACT_BELOW // 2}
    merchants = Merchant.objects.in_bulk({pk for pk, _model in large})
    kept = {index_name(merchants[pk], model) for pk, model in large if pk in merchants}
    with alone() as is_alone:
        for name in list_indexes() if is_alone else ():
            # One that is not valid was interrupted: whoever makes one now holds the lock.
            if name not in kept or not find_index(name):
                drop_index(name)
    return sum(keep_index(merchants[pk], model) for pk, model in sorted(large) if pk in merchants)


def list_indexes() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE i.indrelid = 'improvement_chunk'::regclass AND starts_with(c.relname, %s)",
            [PREFIX],
        )
        return [name for (name,) in cursor.fetchall()]


@contextmanager
def alone() -> Iterator[bool]:
    """Two workers that make the same index would be in each other's way; False where another one is at it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({_LOCK})")
        (is_mine,) = cursor.fetchone() or (False,)
        try:
            yield bool(is_mine)
        finally:
            if is_mine:
                cursor.execute(f"SELECT pg_advisory_unlock({_LOCK})")
