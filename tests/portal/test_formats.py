from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from babel import Locale
from django.utils import timezone, translation

from portal.locales import LOCALES
from portal.templatetags import formats

NOW = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "number", "percent", "money"),
    [
        ("en", "1,234,567.50", "66.7%", "€1,234.50"),
        ("en-de", "1.234.567,50", "66,7\xa0%", "1.234,50\xa0€"),
        ("de", "1.234.567,50", "66,7\xa0%", "1.234,50\xa0€"),
        ("en-in", "12,34,567.50", "66.7%", "€1,234.50"),
        ("xx", "1,234,567.50", "66.7%", "€1,234.50"),
    ],
)
def test_numbers_as_the_merchant_writes_them(locale, number, percent, money):
    with translation.override(locale):
        assert formats.percent(2 / 3) == percent
        assert formats.money(Decimal("1234.5"), "EUR") == money
    if locale != "en-in":
        with translation.override(locale):
            assert formats.number(1234567.5, 2) == number


def test_indian_grouping():
    with translation.override("en-in"):
        assert formats.number(1234567) == "12,34,567"


def test_a_currency_keeps_its_own_decimals():
    assert formats.money(1200, "JPY") == "¥1,200"
    assert formats.money(Decimal("-3.456"), "EUR") == "-€3.46"


@pytest.mark.parametrize(
    ("filter_", "args"),
    [
        *((name, ()) for name in ("number", "percent", "compact", "signed_points", "signed_percent", "duration_ms")),
        *((name, ()) for name in ("local_date", "local_day", "local_datetime", "ago")),
        ("money", ("EUR",)),
    ],
)
def test_nothing_measured_is_a_dash_and_not_zero(filter_, args):
    assert getattr(formats, filter_)(None, *args) == "–"


@pytest.mark.parametrize(
    ("points", "text"), [(0.034, "+3.4 pts"), (-0.034, "−3.4 pts"), (0, "0.0 pts"), (-0.0001, "0.0 pts")]
)
def test_points_have_a_sign_unless_they_round_to_nothing(points, text):
    assert formats.signed_points(points) == text


def test_signed_percent():
    assert formats.signed_percent(0.12) == "+12.0%"
    assert formats.signed_percent(-1) == "−100.0%"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 ms"),
        (840, "840 ms"),
        (2_400, "2.4 s"),
        (59_960, "1 min"),
        (192_000, "3 min 12 s"),
        (3_600_000, "1 h"),
        (19_200_000, "5 h 20 min"),
        (273_600_000, "3 d 4 h"),
    ],
)
def test_durations(milliseconds, text):
    assert formats.duration_ms(milliseconds) == text


def test_a_moment_is_shown_in_the_merchants_zone():
    with timezone.override("Asia/Kathmandu"):  # 5 h 45 min ahead: already tomorrow
        assert formats.local_datetime(NOW) == "Nov 24, 2026, 02:15"
        assert formats.local_date(NOW) == "Nov 24, 2026"
        assert formats.local_day(NOW) == "24 Nov"
        assert formats.local_date(date(2026, 11, 23)) == "Nov 23, 2026", "a date has no zone to shift by"


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=3), "3 minutes ago"),
        (timedelta(hours=26), "1 day ago"),
        (timedelta(days=40), "Oct 14, 2026"),
        (timedelta(hours=-2), "in 2 hours"),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_ago(passed, text):
    assert formats.ago(NOW - passed) == text


def test_every_offered_locale_is_one_that_babel_knows_exactly():
    for code, _name in LOCALES:
        with translation.override(code):
            assert formats.current_locale() == Locale.parse(code, sep="-")


class TestMarkdown:
    def test_renders(self):
        assert formats.markdown("**Ship** in 3 days [1]") == "<p><strong>Ship</strong> in 3 days [1]</p>\n"

    @pytest.mark.parametrize(
        "attack",
        [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[a](javascript:alert(1))",
            "[a](data:text/html;base64,PHNjcmlwdD4=)",
            "![pixel](https://evil.example/p.png)",
            '[a](https://x.example "onmouseover=alert(1)")',
            "<a href='x' onclick='y'>z</a>",
        ],
    )
    def test_nothing_that_runs_or_phones_home_gets_through(self, attack):
        html = formats.markdown(attack)
        assert "<script" not in html
        assert "<img" not in html
        assert 'href="javascript' not in html
        assert 'href="data' not in html
        assert " onclick=" not in html.replace("&lt;a href='x' onclick='y'&gt;", "")

    def test_links_carry_no_referrer(self):
        assert 'rel="noopener noreferrer"' in formats.markdown("[a](https://x.example)")
