"""Keeps the rollups: adds differences inside the ingest transaction, and counts whole merchants anew."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter

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


def side_by_side(counting: Counting) -> Iterator[tuple[Deltas, Deltas]]:
    """Hour by hour the stored buckets and those that the conversations say, so that one hour is in memory at a time."""
    both = heapq.merge(
        ((hour, 0, buckets) for hour, buckets in _by_hour(_stored(counting.merchant))),
        ((hour, 1, buckets) for hour, buckets in recount(counting)),
        key=itemgetter(0, 1),
    )
    for _, found in groupby(both, key=itemgetter(0)):
        sides = {side: buckets for _, side, buckets in found}
        yield sides.get(0, {}), sides.get(1, {})


def recount(counting: Counting) -> Iterator[tuple[datetime, Deltas]]:
    """What the rollups of the whole merchant should hold, from its conversations; by hour, in order."""
    rows = all_conversations(counting.merchant)
    return _by_hour((bucket_of(row.facts, counting.zone), measure(row.facts, row.recontacted_at)) for row in rows)


def _stored(merchant: Merchant) -> Iterator[tuple[Bucket, Amounts]]:
    rows = Rollup.objects.for_merchant(merchant).order_by("hour")
    values = rows.values_list("hour", "channel", "language", "agent_version", *COUNTERS, *HISTOGRAMS)
    return ((Bucket(*row[:4]), _amounts(row[4:])) for row in values.iterator(chunk_size=2000))


def _by_hour(parts: Iterable[tuple[Bucket, Amounts]]) -> Iterator[tuple[datetime, Deltas]]:
    """Adds up the parts of each hour. They come in the order of their hours."""
    for hour, its_parts in groupby(parts, key=lambda part: part[0].hour):
        buckets: Deltas = {}
        for bucket, amounts in its_parts:
            collect(buckets, bucket, amounts, 1)
        yield hour, buckets


def recompute(counting: Counting) -> None:
    """Replaces all of a merchant's rollups; `counting` was locked by the caller."""
    unseal_all(counting.merchant)
    Rollup.objects.for_merchant(counting.merchant).delete()
    waiting: Deltas = {}
    for _, buckets in recount(counting):
        waiting |= buckets
        if len(waiting) >= WRITE_AT_ONCE:
            _add(counting.merchant, waiting)
            waiting = {}
    _add(counting.merchant, waiting)


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
