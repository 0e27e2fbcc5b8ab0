"""Keeps the rollups: adds differences inside the ingest transaction, and counts whole merchants anew."""

from collections.abc import Iterable

import msgspec
from django.db import connection

from analytics.bulk import fetch_rows
from analytics.conversations import all_conversations
from analytics.histogram import pack, unpack
from analytics.measures import COUNTERS, EXCLUDED, HISTOGRAMS, Amounts, Bucket, bucket_of, measure
from analytics.models import Counting, Rollup
from analytics.sealing import unseal, unseal_all
from portal.models import Merchant

Deltas = dict[Bucket, Amounts]
WRITE_AT_ONCE = 1000

_KEY = "hour timestamptz, channel text, language text, agent_version text"
_COLUMNS = ", ".join((*COUNTERS, *HISTOGRAMS))
# Joins over the unique index rollup_bucket.
_READ_BINS = f"""
    SELECT r.hour, r.channel, r.language, r.agent_version, {", ".join(f"r.{name}" for name in HISTOGRAMS)}
    FROM json_to_recordset(%s::json) AS b({_KEY})
    JOIN analytics_rollup r ON r.merchant_id = %s AND r.hour = b.hour AND r.channel = b.channel
        AND r.language = b.language AND r.agent_version = b.agent_version
"""
# Counts are added up here, histograms by the caller. What is not named adds zero.
_ADD = f"""
    INSERT INTO analytics_rollup AS r (merchant_id, hour, channel, language, agent_version, {_COLUMNS})
    SELECT %s, b.hour, b.channel, b.language, b.agent_version,
        {", ".join(f"coalesce(b.{name}, 0)" for name in COUNTERS)},
        {", ".join(f"decode(b.{name}, 'hex')" for name in HISTOGRAMS)}
    FROM json_to_recordset(%s::json)
        AS b({_KEY}, {", ".join(f"{name} bigint" for name in COUNTERS)}, {", ".join(f"{n} text" for n in HISTOGRAMS)})
    ON CONFLICT (merchant_id, hour, channel, language, agent_version)
    DO UPDATE SET {", ".join(f"{name} = r.{name} + EXCLUDED.{name}" for name in COUNTERS)},
        {", ".join(f"{name} = EXCLUDED.{name}" for name in HISTOGRAMS)}
"""
_DROP_EMPTY = f"""
    DELETE FROM analytics_rollup WHERE merchant_id = %s AND hour = ANY(%s)
    AND {" AND ".join(f"{name} = 0" for name in COUNTERS)}
"""
# Every conversation is in one of these; a bucket that gains none cannot become empty while one of them is left.
_COUNTED = ("n_conversations", *EXCLUDED.values())


def collect(deltas: Deltas, bucket: Bucket, amounts: Amounts, sign: int) -> None:
    """Adds one conversation's amounts, or takes them away, in memory."""
    deltas.setdefault(bucket, Amounts({}, {})).add(amounts, sign)


def apply(merchant: Merchant, deltas: Deltas) -> None:
    """Adds the differences to the stored rollups. The caller holds the lock (models.Counting)."""
    unseal(merchant, {bucket.hour for bucket in deltas})
    deltas = {bucket: amounts for bucket, amounts in sorted(deltas.items()) if not amounts.is_zero}
    if not deltas:
        return
    shrunk = [
        bucket.hour for bucket, amounts in deltas.items() if any(amounts.counts.get(name, 0) < 0 for name in _COUNTED)
    ]
    for bucket, bins in _read_bins(merchant, deltas).items():
        deltas[bucket].add(Amounts({}, bins))
    _add(merchant, deltas)
    if shrunk:
        with connection.cursor() as cursor:
            cursor.execute(_DROP_EMPTY, [merchant.pk, shrunk])


def _read_bins(merchant: Merchant, buckets: Iterable[Bucket]) -> dict[Bucket, dict[str, dict[int, int]]]:
    rows = fetch_rows(_READ_BINS, [msgspec.json.encode(list(buckets)).decode(), merchant.pk])
    return {
        Bucket(*row[:4]): {name: unpack(packed) for name, packed in zip(HISTOGRAMS, row[4:], strict=True)}
        for row in rows
    }


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
    unseal_all(counting.merchant)
    Rollup.objects.for_merchant(counting.merchant).delete()
    keys = sorted(buckets)
    for start in range(0, len(keys), WRITE_AT_ONCE):
        _add(counting.merchant, {key: buckets[key] for key in keys[start : start + WRITE_AT_ONCE]})


def _amounts(values: tuple[object, ...]) -> Amounts:
    counts = {name: int(str(value)) for name, value in zip(COUNTERS, values, strict=False)}
    packed = zip(HISTOGRAMS, values[len(COUNTERS) :], strict=True)
    return Amounts(counts, {name: unpack(bytes(value)) for name, value in packed})  # type: ignore[call-overload]


def _add(merchant: Merchant, buckets: Deltas) -> None:
    """Adds these counts, and replaces the histograms."""
    rows = [
        {
            **msgspec.structs.asdict(bucket),
            **{name: amount for name, amount in amounts.counts.items() if amount},
            **{name: pack(amounts.bins.get(name, {})).hex() for name in HISTOGRAMS},
        }
        for bucket, amounts in buckets.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [merchant.pk, msgspec.json.encode(rows).decode()])
