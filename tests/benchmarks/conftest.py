"""At the end of a run: the table on the terminal, and with BENCH_PAGE=1 (make bench) in docs/benchmarks.md."""

import os

import pytest

from tests.benchmarks import report


def pytest_terminal_summary(terminalreporter, exitstatus: int, config: pytest.Config) -> None:
    if not report.MEASURED:
        return
    report.describe_machine()
    terminalreporter.write_line("\n" + report.as_text())
    is_whole = exitstatus == 0 and not config.option.keyword
    if os.environ.get("BENCH_PAGE") and is_whole:
        report.write_page()
        terminalreporter.write_line(f"\nWritten to {report.PAGE.relative_to(report.ROOT)}.")
