"""Collects what one run measures; prints it as a table and writes it to docs/benchmarks.md."""

import os
import platform
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured by make bench -->", "<!-- end of what make bench measured -->"
TARGET = re.compile(r"([<≤≥>]) ([\d.]+)")
HOLDS = {
    "<": lambda value, limit: value < limit,
    "≤": lambda value, limit: value <= limit,
    "≥": lambda value, limit: value >= limit,
    ">": lambda value, limit: value > limit,
}


@dataclass(frozen=True, slots=True)
class Measured:
    section: str
    name: str
    value: float
    unit: str
    target: str

    @property
    def verdict(self) -> str:
        """met or missed; empty without a target."""
        if not self.target:
            return ""
        sign, limit = TARGET.fullmatch(self.target).groups()
        return "met" if HOLDS[sign](self.value, float(limit)) else "**missed**"

    @property
    def cells(self) -> tuple[str, ...]:
        return self.name, f"{_number(self.value)} {self.unit}".strip(), self.target, self.verdict


MEASURED: list[Measured] = []
FACTS: dict[str, str] = {}


def record(*, section: str, name: str, value: float, unit: str, target: str = "") -> None:
    """`target` is a sign and a number in the same unit, such as "< 60" or "≥ 30"; nothing fails where it is missed."""
    if target and not TARGET.fullmatch(target):
        raise ValueError(f"target={target!r} is not a sign (< ≤ ≥ >), a space and a number")
    MEASURED.append(Measured(section, name, value, unit, target))


def describe(fact: str, text: str) -> None:
    """What a reader must know to judge the numbers: sizes, settings."""
    FACTS[fact] = text


def describe_machine() -> None:
    """Neither names nor paths of the machine."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('shared_buffers')")
        version, buffers = cursor.fetchone()
        cursor.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
        fsync, commit = cursor.fetchone()
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
        timescale = cursor.fetchone()
    engine = f"TimescaleDB {timescale[0]}" if timescale else "without TimescaleDB"
    describe("Date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    describe("Machine", f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    describe("Database", f"PostgreSQL {version}, {engine}; shared_buffers {buffers}, fsync {fsync}, commit {commit}")
    describe("Load when it ended", f"{os.getloadavg()[1]:.1f} (5 minutes) on {os.cpu_count()} cores")
    describe("Code", commit_of_this_tree())


def commit_of_this_tree() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S607

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ":!docs/benchmarks.md")
        return git("rev-parse", "--short", "HEAD") + (" with changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "not a checkout"


def sections() -> Iterator[tuple[str, list[Measured]]]:
    """In the order in which they were measured first."""
    for section in dict.fromkeys(each.section for each in MEASURED):
        yield section, [each for each in MEASURED if each.section == section]


def as_text() -> str:
    lines = [f"{fact}: {text}" for fact, text in FACTS.items()]
    width = max((len(each.name) for each in MEASURED), default=0)
    for section, rows in sections():
        lines += ["", section]
        for name, value, target, verdict in (row.cells for row in rows):
            aim = f"   {target} {verdict.strip('*')}" if target else ""
            lines.append(f"  {name:<{width}} {value:>20}{aim}")
    return "\n".join(lines)


def as_markdown() -> str:
    lines = [f"- {fact}: {text}" for fact, text in FACTS.items()]
    for section, rows in sections():
        lines += ["", f"## {section}", "", "| what | measured | target | |", "| --- | ---: | ---: | --- |"]
        lines += [f"| {' | '.join(row.cells)} |" for row in rows]
    return "\n".join(lines)


def write_page() -> None:
    """Replaces what stands between the markers; the words around them are written by hand."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{as_markdown()}\n{END}{after}")


def _number(value: float) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"
