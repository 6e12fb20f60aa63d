"""Which stretch of time is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dashboards.parameters import BadParameter
from dashboards.window import requested, shown
from signals import Level, Span

NOW = datetime(2026, 11, 24, 13, 5, 40, tzinfo=UTC)
LIVING = Span(NOW - timedelta(days=90), NOW - timedelta(minutes=2))


@pytest.mark.parametrize(
    ("name", "length", "level"),
    [
        ("1h", timedelta(hours=1), Level.MINUTE),
        ("6h", timedelta(hours=6), Level.MINUTE),
        ("24h", timedelta(days=1), Level.MINUTE),
        ("7d", timedelta(days=7), Level.HOUR),
        ("30d", timedelta(days=30), Level.HOUR),
    ],
)
def test_a_range_ends_now_and_chooses_its_level(name: str, length: timedelta, level: Level) -> None:
    """A range starts on the edge of one of its own buckets."""
    window = shown({"range": name}, LIVING, NOW)
    assert (window.start, window.end) == (level.floor(NOW - length), NOW)
    assert (window.level, window.range) == (level, name)


@pytest.mark.parametrize(
    ("age", "name"),
    [
        (timedelta(hours=2), "24h"),
        (timedelta(days=3), "7d"),
        (timedelta(days=20), "30d"),
        (timedelta(days=4000), "all"),
    ],
)
def test_without_a_range_the_shortest_that_holds_data_is_shown(age: timedelta, name: str) -> None:
    """A topic that fell silent does not open on nothing."""
    extent = Span(NOW - age - timedelta(days=5), NOW - age)
    assert shown({}, extent, NOW).range == name


def test_an_archive_opens_on_its_own_extent() -> None:
    """All of an archive ends where the archive ends, not today."""
    extent = Span(datetime(2015, 2, 17, 3, 20, tzinfo=UTC), datetime(2015, 2, 25, tzinfo=UTC))
    window = shown({}, extent, NOW)
    assert window.start == datetime(2015, 2, 17, 3, tzinfo=UTC)
    assert (window.end, window.level) == (extent.end, Level.HOUR)


def test_all_of_a_living_topic_ends_now_in_days() -> None:
    """More than 60 days are shown by the day."""
    window = shown({"range": "all"}, LIVING, NOW)
    assert (window.end, window.level) == (NOW, Level.DAY)


def test_from_and_to_win_over_a_range() -> None:
    """A link to a stretch shows that stretch; a time without a zone is UTC."""
    query = {"from": "2026-11-20T10:00", "to": "2026-11-20T12:00+01:00", "range": "7d"}
    window = shown(query, LIVING, NOW)
    assert window.start == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert window.end == datetime(2026, 11, 20, 11, tzinfo=UTC)


def test_an_open_side_is_filled_in() -> None:
    """A missing end is now, a missing start a day before the end."""
    assert requested({}, NOW).end == NOW
    assert requested({"end": "2026-11-20"}, NOW).start == datetime(2026, 11, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"start": "yesterday"}, "start"),
        ({"end": "2026-13-01"}, "end"),
        ({"start": "0001-01-01T00:00+14:00"}, "start"),
        ({"end": "9999-12-31"}, "end"),
        ({"start": "2026-11-24", "end": "2026-11-24"}, "start"),
        ({"level": "week"}, "level"),
        ({"start": "2016-01-01", "level": "minute"}, "level"),
    ],
)
def test_a_bad_parameter_is_named(query: dict[str, str], parameter: str) -> None:
    """The error begins with the parameter that is to blame."""
    with pytest.raises(BadParameter, match=f"^{parameter}: ") as caught:
        requested(query, NOW)
    assert caught.value.parameter == parameter


def test_an_unknown_range_is_named() -> None:
    """A mistyped range says which there are."""
    with pytest.raises(BadParameter, match=r"^range: '2h' is none of 1h, 6h"):
        shown({"range": "2h"}, LIVING, NOW)


def test_a_stretch_of_the_page_that_ends_before_it_starts_is_named() -> None:
    """The page's own parameter is named, not the one of the JSON."""
    with pytest.raises(BadParameter, match=r"^from: "):
        shown({"from": "2026-11-24", "to": "2026-11-23"}, LIVING, NOW)
