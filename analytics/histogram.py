"""Histograms on a logarithmic scale: percentiles that can be added up. Pure.

A duration falls into bin ceil(log_gamma(ms)) with gamma = (1 + a) / (1 - a), and a bin answers with the value whose
relative distance to both its ends is a. So every quantile is within a = 2 % of an observed value (DDSketch, Masson
et al., VLDB 2019). Stored as packed pairs (bin, count); bins may repeat, so that concatenating two stored histograms
merges them: the database does it with string_agg, without unpacking.
"""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RELATIVE_ERROR = 0.02
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
LOG_GAMMA = math.log(GAMMA)
N_BINS = 700  # up to about 45 years in milliseconds
PAIR = np.dtype([("bin", "<u2"), ("count", "<i4")])
_PAIR = struct.Struct("<Hi")  # the same for single buckets, whose few pairs are packed before numpy has made an array


def bin_of(ms: int) -> int:
    """Durations of 0 and 1 ms share bin 0."""
    return 0 if ms <= 1 else min(math.ceil(math.log(ms) / LOG_GAMMA - 1e-12), N_BINS - 1)


def value_of(bin_number: int) -> float:
    return 2 * GAMMA**bin_number / (GAMMA + 1) if bin_number else 1.0


VALUES: NDArray[np.float64] = np.array([value_of(n) for n in range(N_BINS)])


def pack(counts: Mapping[int, int]) -> bytes:
    """Counts by bin, without the zeros, in the order of the bins."""
    return b"".join(_PAIR.pack(number, count) for number, count in sorted(counts.items()) if count)


def unpack(packed: bytes) -> dict[int, int]:
    counts: dict[int, int] = {}
    for number, count in _PAIR.iter_unpack(packed):
        counts[number] = counts.get(number, 0) + count
    return counts


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts of one duration, and the exact sum for the mean."""

    counts: NDArray[np.int64]
    sum_ms: int

    @classmethod
    def from_packed(cls, packed: bytes | memoryview | None, sum_ms: int) -> "Histogram":
        pairs = np.frombuffer(packed or b"", dtype=PAIR)
        counts = np.bincount(pairs["bin"], weights=pairs["count"], minlength=N_BINS)
        return cls(counts.astype(np.int64), sum_ms)

    @classmethod
    def of(cls, durations_ms: Iterable[int]) -> "Histogram":
        durations = list(durations_ms)
        counts = np.bincount([bin_of(ms) for ms in durations] or np.array([], dtype=int), minlength=N_BINS)
        return cls(counts.astype(np.int64), sum(durations))

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    @property
    def mean_ms(self) -> float | None:
        return self.sum_ms / self.n if self.n else None

    def quantile(self, q: float) -> float | None:
        """The value below which a share `q` of the durations lies, within 2 %; None without durations."""
        n = self.n
        return self._at_rank(q * (n - 1)) if n else None

    def quantile_interval(self, q: float, z: float = 1.96) -> tuple[float, float] | None:
        """95 % interval of a quantile from order statistics (normal approximation of the binomial rank)."""
        n = self.n
        if not n:
            return None
        spread = z * math.sqrt(n * q * (1 - q))
        return self._at_rank(max(q * n - spread - 1, 0)), self._at_rank(min(q * n + spread, n - 1))

    def mean_interval(self, z: float = 1.96) -> tuple[float, float] | None:
        """95 % interval of the mean, its variance taken from the bins."""
        n, mean = self.n, self.mean_ms
        if mean is None or n < 2:
            return None
        variance = float((self.counts * (VALUES - mean) ** 2).sum()) / (n - 1)
        half = z * math.sqrt(variance / n)
        return mean - half, mean + half

    def _at_rank(self, rank: float) -> float:
        return float(VALUES[int(np.searchsorted(np.cumsum(self.counts), math.floor(rank), side="right"))])

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram(self.counts + other.counts, self.sum_ms + other.sum_ms)

    def __eq__(self, other: Any) -> bool:
        return (
            isinstance(other, Histogram)
            and self.sum_ms == other.sum_ms
            and bool(np.array_equal(self.counts, other.counts))
        )

    __hash__ = None  # type: ignore[assignment]


def add_histograms(parts: Sequence[Histogram]) -> Histogram:
    counts: NDArray[np.int64] = np.sum([each.counts for each in parts], axis=0)
    return Histogram(counts, sum(each.sum_ms for each in parts))
