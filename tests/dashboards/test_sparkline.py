"""The geometry of the small chart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dashboards.sparkline import HEIGHT, WIDTH, draw, span
from signals import Volume
from tests.dashboards.journal import verdict

NOW = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)
HOURS = [span(NOW).start + timedelta(hours=number) for number in range(24)]


def test_the_last_24_hours_are_drawn_to_scale() -> None:
    """The highest bar fills the height, half of it half; a spike is marked as one."""
    volumes = [Volume(at, negative=4, coverage=1.0) for at in HOURS]
    volumes[20] = Volume(HOURS[20], negative=80, coverage=1.0)
    volumes[21] = Volume(HOURS[21], negative=40, coverage=1.0)
    chart = draw(volumes, [verdict(HOURS[20], 80, 4), verdict(HOURS[21], 6, 4)], NOW)
    assert len(chart.bars) == 24
    assert chart.bars[20].height == HEIGHT - 1
    assert chart.bars[21].height == chart.bars[20].height / 2
    assert [bar.state for bar in chart.bars[20:22]] == ["confirmed", "quiet"]
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in chart.bars)
    assert not chart.gaps
    assert chart.summary.startswith("208 complaints in the last 24 hours, at most 80 in one hour")


def test_an_hour_that_nobody_watched_is_a_gap_and_a_quiet_one_is_empty() -> None:
    """A gap and a zero look different."""
    volumes = [Volume(at, coverage=1.0) for at in HOURS if at not in HOURS[4:6]]
    chart = draw(volumes, [], NOW)
    assert chart.bars == ()
    assert [(gap.x, gap.width) for gap in chart.gaps] == [(4 * WIDTH / 24, 2 * WIDTH / 24)]
    assert chart.summary == "No complaints in the last 24 hours"


def test_nothing_known_is_one_gap() -> None:
    """Without any bucket the whole day was not watched, up to now."""
    chart = draw([], [], NOW)
    assert [gap.x for gap in chart.gaps] == [0]
    assert chart.summary == "Nothing was watched in the last 24 hours"
