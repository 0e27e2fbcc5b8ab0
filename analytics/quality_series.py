"""Quality over time: one line for each scorer version, since two are never averaged, and what may explain a step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from analytics.quality import Mean, Version
from analytics.quality_sums import ScoreSums, read_sums, start_of
from portal.models import Merchant
from portal.periods import Period

DAILY_UP_TO = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Line:
    """The means of one version by the start of the day, week or month in which the conversations started."""

    version: Version
    means: dict[date, Mean]


@dataclass(frozen=True, slots=True)
class Beginning:
    """From `on` on there are scores of something new; `kind` as static/js/charts.js names marks."""

    on: date
    label: str
    kind: str = "version"


@dataclass(frozen=True, slots=True)
class Series:
    """`lines` in the order of `versions` that were asked for."""

    step: str
    lines: tuple[Line, ...]
    beginnings: tuple[Beginning, ...]

    @property
    def starts(self) -> list[date]:
        return sorted({start for line in self.lines for start in line.means})


def step_of(period: Period) -> str:
    return "day" if period.end - period.start <= DAILY_UP_TO else "week"


def read_series(merchant: Merchant, period: Period, versions: Sequence[Version], *, step: str = "") -> Series:
    step = step or step_of(period)
    sums: dict[tuple[tuple[str, ...], date], ScoreSums] = {}
    first_of_agent: dict[str, date] = {}
    for (*version, start, agent_version), part in read_sums(merchant, period, start_of(step), "agent_version").items():
        key = (tuple(version), start)
        sums[key] = sums[key] + part if key in sums else part
        first_of_agent[agent_version] = min(start, first_of_agent.get(agent_version, start))
    lines = tuple(
        Line(
            version,
            {start: version.mean(sums[key]) for key in sorted(sums) for start in [key[1]] if key[0] == version.columns},
        )
        for version in versions
    )
    return Series(step, lines, tuple(_find_beginnings(lines, first_of_agent)))


def _find_beginnings(lines: Sequence[Line], first_of_agent: dict[str, date]) -> list[Beginning]:
    """Nothing begins with the first thing that the period shows."""
    firsts = {line.version: min(line.means) for line in lines if line.means}
    begun = [
        Beginning(start, _("Scores of %(version)s begin") % {"version": version.name})
        for version, start in firsts.items()
        if start > min(firsts.values())
    ]
    begun += [
        Beginning(start, _("Agent version %(version)s began") % {"version": agent_version})
        for agent_version, start in first_of_agent.items()
        if agent_version and start > min(first_of_agent.values())
    ]
    return sorted(begun, key=lambda beginning: beginning.on)
