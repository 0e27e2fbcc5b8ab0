"""WCAG 2.2 AA of the colour tokens in both themes: 4.5:1 for text, 3:1 for the outlines of controls and for charts."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "static/css/tokens.css"
THEMES = ("light", "dark")
SURFACES = ("paper", "surface", "sunken", "raised")
TEXT_PAIRS = [
    *((ink, surface) for ink in ("ink", "ink-2", "ink-3") for surface in SURFACES),
    *((ink, surface) for ink in ("accent", "good", "bad", "warn") for surface in ("paper", "surface", "raised")),
    *((ink, f"{ink}-soft") for ink in ("accent", "good", "bad", "warn")),
    *(("ink", f"{kind}-soft") for kind in ("accent", "good", "bad", "warn")),
    ("ink-3", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-bad", "bad"),
    ("on-bad", "bad-hover"),
    ("accent-hover", "surface"),
]
SHAPE_PAIRS = [
    *((f"chart-{n}", "surface") for n in range(1, 7)),
    ("line-control", "surface"),
    ("accent", "paper"),
]


def read_tokens(theme: str) -> dict[str, str]:
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", TOKENS.read_text())
    return {name: light if theme == "light" else dark for name, light, dark in found}


def luminance(color: str) -> float:
    channels = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_is_wcags():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("pairs", "least"), [(TEXT_PAIRS, 4.5), (SHAPE_PAIRS, 3.0)])
def test_tokens_can_be_read(theme, pairs, least):
    tokens = read_tokens(theme)
    weak = {(a, b): round(contrast(tokens[a], tokens[b]), 2) for a, b in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < least} == {}


def test_every_colour_has_both_themes():
    css = TOKENS.read_text()
    named = re.findall(r"--([\w-]+): #", css)
    assert named == [], "write light-dark(…, …)"
