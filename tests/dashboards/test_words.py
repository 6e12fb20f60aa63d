"""Times, amounts and addresses as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.words import ago, amount, clock, duration, segment, web_url

NOW = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=42), "42 s"),
        (timedelta(minutes=26, seconds=59), "26 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=3, minutes=10), "3 h 10 min"),
        (timedelta(days=2, hours=5), "2 d 5 h"),
        (timedelta(days=1400, hours=5), "1,400 d"),
    ],
)
def test_a_length_is_told_in_its_largest_units(length: timedelta, said: str) -> None:
    """Nobody needs the seconds of an hour."""
    assert duration(length) == said


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=2, seconds=5), "2 min ago"),
        (timedelta(hours=3, minutes=50), "3 h ago"),
        (timedelta(days=5), "5 d ago"),
    ],
)
def test_an_instant_is_told_by_its_distance(length: timedelta, said: str) -> None:
    """A clock that runs ahead is no reason to speak of the future."""
    assert ago(NOW - length, NOW) == said


def test_a_clock_names_the_day_and_year_where_they_differ() -> None:
    """Today needs no date."""
    assert clock(NOW, NOW) == "13:05"
    assert clock(NOW - timedelta(days=1), NOW) == "23 Nov, 13:05"
    assert clock(datetime(2015, 2, 17, 3, 20, tzinfo=UTC), NOW) == "17 Feb 2015, 03:20"


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (3.0, "3"), (0.4, "0.4"), (12.6, "13"), (1234.0, "1,234")]
)
def test_a_small_fraction_keeps_its_decimal(value: float, said: str) -> None:
    """An expectation of 0.4 is not 0."""
    assert amount(value) == said


@given(st.text())
def test_a_name_is_one_segment_of_a_path(name: str) -> None:
    """Whatever a topic is called, its address holds no character of its own meaning."""
    assert not set(segment(name)) & set("/?#&+\"'<> ")
    assert unquote(segment(name)) == name


@pytest.mark.parametrize("url", ["http://example.org", "https://example.org/a?b=c#d"])
def test_a_web_address_passes(url: str) -> None:
    """Links to posts lead to the web."""
    assert web_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt://example.org/%0aalert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//example.org/",
        "/api/topics",
        "file:///etc/passwd",
        "https:",
        "http://[",
    ],
)
def test_any_other_address_is_dropped(url: str) -> None:
    """A link never runs a script nor leads into the page itself."""
    assert web_url(url) == ""
