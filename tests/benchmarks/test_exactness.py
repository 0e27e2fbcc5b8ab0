"""The oracle of the tests, over more streams than a test run has time for."""

import pytest
from hypothesis import given, settings

from tests.analytics.test_oracle import STREAM, check_stream
from tests.benchmarks.report import record

N_STREAMS = 200
_checked: list[int] = []


@pytest.mark.django_db
@settings(max_examples=N_STREAMS, deadline=None)
@given(**STREAM)
def check_streams(threads, place, seed, order, later_hours):
    check_stream(threads, place, seed, order, later_hours)
    _checked.append(seed)


def test_random_streams_equal_a_plain_recount(db):
    check_streams()
    record(
        section="Exactness",
        name="random streams equal to a plain recount",
        value=len(_checked),
        unit="",
        target=f"≥ {N_STREAMS}",
    )
