"""A part of the traffic: one channel, language or agent version, or any of them together. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

# In a URL: what carries no language or no agent version.
UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class Segment:
    """None leaves a dimension open; the empty string stands for what the events did not say."""

    channel: str | None = None
    language: str | None = None
    agent_version: str | None = None

    @classmethod
    def from_query(cls, params: Mapping[str, str]) -> "Segment":
        """An absent or empty parameter leaves its dimension open, UNKNOWN asks for what is unknown."""
        asked = {name: params.get(name) or None for name in DIMENSIONS}
        return cls(**{name: "" if value == UNKNOWN else value for name, value in asked.items()})

    @property
    def chosen(self) -> dict[str, str]:
        """The dimensions that are not open."""
        values = {name: getattr(self, name) for name in DIMENSIONS}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def query(self) -> dict[str, str]:
        """The query parameters that lead to this segment again."""
        return {name: value or UNKNOWN for name, value in self.chosen.items()}


DIMENSIONS: tuple[str, ...] = tuple(spec.name for spec in fields(Segment))
EVERYTHING = Segment()
