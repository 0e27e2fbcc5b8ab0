"""Keeps the rollups: adds differences inside the ingest transaction, and counts whole merchants anew."""

from collections.abc import Iterable

import msgspec
from django.db import connection

from analytics.conversations import all_conversations
from analytics.histogram import pack, unpack
from analytics.measures import COUNTERS, HISTOGRAMS, Amounts, Bucket, bucket_of, measure
from analytics.models import Counting, Rollup
from portal.models import Merchant

Deltas = dict[Bucket, Amounts]
WRITE_AT_ONCE = 1000

_KEY = "hour timestamptz, channel text, language text, agent_version text"
_COLUMNS = ", ".join((*COUNTERS, *HISTOGRAMS))
# Joins over the unique index rollup_bucket.
_READ = f"""
    SELECT r.hour, r.channel, r.language, r.agent_version, {", ".join(f"r.{name}" for name in (*COUNTERS, *HISTOGRAMS))}
    FROM json_to_recordset(%s::json) AS b({_KEY})
    JOIN analytics_rollup r ON r.merchant_id = %s AND r.hour = b.hour AND r.channel = b.channel
        AND r.language = b.language AND r.agent_version = b.agent_version
"""
_WRITE = f"""
    INSERT INTO analytics_rollup (merchant_id, hour, channel, language, agent_version, {_COLUMNS})
    SELECT %s, b.hour, b.channel, b.language, b.agent_version, {", ".join(COUNTERS)},
        {", ".join(f"decode({name}, 'hex')" for name in HISTOGRAMS)}
    FROM json_to_recordset(%s::json)
        AS b({_KEY}, {", ".join(f"{name} bigint" for name in COUNTERS)}, {", ".join(f"{n} text" for n in HISTOGRAMS)})
    ON CONFLICT (merchant_id, hour, channel, language, agent_version)
    DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in (*COUNTERS, *HISTOGRAMS))}
"""
_DROP_EMPTY = f"""
    DELETE FROM analytics_rollup WHERE merchant_id = %s AND hour = ANY(%s)
    AND {" AND ".join(f"{name} = 0" for name in COUNTERS)}
"""


def collect(deltas: Deltas, bucket: Bucket, amounts: Amounts, sign: int) -> None:
    """Adds one conversation's amounts, or takes them away, in memory."""
    deltas.setdefault(bucket, Amounts({}, {})).add(amounts, sign)


def apply(merchant: Merchant, deltas: Deltas) -> None:
    """Adds the differences to the stored rollups. The caller holds the lock (models.Counting)."""
    deltas = {bucket: amounts for bucket, amounts in sorted(deltas.items()) if not amounts.is_zero}
    if not deltas:
        return
    for bucket, amounts in read(merchant, deltas).items():
        deltas[bucket].add(amounts)
    write(merchant, deltas)
    if emptied := [bucket.hour for bucket, amounts in deltas.items() if amounts.is_zero]:
        with connection.cursor() as cursor:
            cursor.execute(_DROP_EMPTY, [merchant.pk, emptied])


def read(merchant: Merchant, buckets: Iterable[Bucket]) -> Deltas:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [msgspec.json.encode(list(buckets)).decode(), merchant.pk])
        return {Bucket(*row[:4]): _amounts(row[4:]) for row in cursor.fetchall()}


def read_all(merchant: Merchant) -> Deltas:
    rows = Rollup.objects.for_merchant(merchant)
    values = rows.values_list("hour", "channel", "language", "agent_version", *COUNTERS, *HISTOGRAMS)
    return {Bucket(*row[:4]): _amounts(row[4:]) for row in values.iterator(chunk_size=2000)}


def recount(counting: Counting) -> Deltas:
    """What the rollups of the whole merchant should hold, from its conversations."""
    buckets: Deltas = {}
    for row in all_conversations(counting.merchant):
        collect(buckets, bucket_of(row.facts, counting.zone), measure(row.facts, row.recontacted_at), 1)
    return buckets


def recompute(counting: Counting) -> None:
    """Replaces all of a merchant's rollups; `counting` was locked by the caller."""
    buckets = recount(counting)
    Rollup.objects.for_merchant(counting.merchant).delete()
    keys = sorted(buckets)
    for start in range(0, len(keys), WRITE_AT_ONCE):
        write(counting.merchant, {key: buckets[key] for key in keys[start : start + WRITE_AT_ONCE]})


def _amounts(values: tuple[object, ...]) -> Amounts:
    counts = {name: int(str(value)) for name, value in zip(COUNTERS, values, strict=False)}
    packed = zip(HISTOGRAMS, values[len(COUNTERS) :], strict=True)
    return Amounts(counts, {name: unpack(bytes(value)) for name, value in packed})  # type: ignore[call-overload]


def write(merchant: Merchant, buckets: Deltas) -> None:
    """Replaces the stored amounts of these buckets."""
    rows = [
        {
            **msgspec.structs.asdict(bucket),
            **{name: amounts.counts.get(name, 0) for name in COUNTERS},
            **{name: pack(amounts.bins.get(name, {})).hex() for name in HISTOGRAMS},
        }
        for bucket, amounts in buckets.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [merchant.pk, msgspec.json.encode(rows).decode()])
