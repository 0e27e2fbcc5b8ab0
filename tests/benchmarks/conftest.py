"""The data sets of a run; and at its end the table on the terminal and, with BENCH_PAGE=1 (make bench), in
docs/benchmarks.md."""

import os
from collections.abc import Iterator

import pytest

from tests.benchmarks import report
from tests.benchmarks.databases import N_EVENTS, Built, close_all, drop_all, prepare, used
from tests.benchmarks.reading import Reader, sign_in


@pytest.fixture(scope="session")
def sizes(django_db_setup, django_db_blocker) -> Iterator[dict[Built, Reader]]:
    """A tenth of the events first, then all of them. BENCH_KEEP=1 leaves them for the next run."""
    with django_db_blocker.unblock():
        found = {}
        for n_events in (N_EVENTS // 10, N_EVENTS):
            built = prepare(n_events)
            with used(built.name):
                found[built] = sign_in(built)
    yield found
    close_all()
    if not os.environ.get("BENCH_KEEP"):
        drop_all(found)


@pytest.fixture(scope="session")
def large(sizes) -> Built:
    return list(sizes)[-1]


@pytest.fixture
def unblocked(django_db_blocker) -> Iterator[None]:
    """The data sets are no test databases: nothing is rolled back."""
    with django_db_blocker.unblock():
        yield


def pytest_terminal_summary(terminalreporter, exitstatus: int, config: pytest.Config) -> None:
    if not report.MEASURED:
        return
    report.describe_machine()
    terminalreporter.write_line("\n" + report.as_text())
    is_whole = exitstatus == 0 and not config.option.keyword
    if os.environ.get("BENCH_PAGE") and is_whole:
        report.write_page()
        terminalreporter.write_line(f"\nWritten to {report.PAGE.relative_to(report.ROOT)}.")
