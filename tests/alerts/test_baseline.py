"""Tests of what is usual: hours of the week, ratios that drift, dispersions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.baseline import Dispersion, Ratio, Season, shrink

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def learned(weeks: int, *, weekend: float = 1.0) -> Season:
    """Return a season of 60 mentions an hour by day and 6 by night, as they are, hour by hour."""
    season = Season()
    for number in range(weeks * 168):
        time = MONDAY + number * HOUR
        rate = 60.0 if 8 <= time.hour < 20 else 6.0
        season.learn(time, rate * (weekend if time.weekday() >= 5 else 1), 1.0)
    return season


def test_mean_and_prior_are_weighed() -> None:
    """Ten heard at a rate of 2, against a prior worth as much."""
    assert shrink(20.0, 10.0, 1.0, 10.0) == pytest.approx(1.5)
    assert shrink(0.0, 0.0, 0.7, 1.0) == pytest.approx(0.7)


def test_the_hour_of_the_day_is_learned_first() -> None:
    """After three days noon and midnight differ, on a day that was never heard as well."""
    season = Season()
    for number in range(72):
        time = MONDAY + number * HOUR
        season.learn(time, 60.0 if 8 <= time.hour < 20 else 6.0, 1.0)
    season.learn(MONDAY + 72 * HOUR, 0.0, 0.0)
    saturday = MONDAY + timedelta(days=5)
    assert season.rate(saturday + 14 * HOUR) > 2 * season.rate(saturday + 2 * HOUR)


def test_the_hour_of_the_week_is_learned_in_time() -> None:
    """A quiet Saturday is expected after some weeks, and not yet after one."""
    noon = MONDAY + timedelta(days=5, hours=13)
    early, late = learned(1, weekend=0.5), learned(8, weekend=0.5)
    assert late.rate(noon) == pytest.approx(30, rel=0.25)
    assert abs(late.rate(noon) - 30) < abs(early.rate(noon) - 30)
    assert late.rate(noon - timedelta(days=2)) == pytest.approx(60, rel=0.1)


def test_between_the_centres_of_hours_it_is_interpolated() -> None:
    """There is no step at the full hour."""
    season = learned(8)
    eight = MONDAY + 8 * HOUR
    before, after = season.rate(eight - timedelta(seconds=30)), season.rate(eight)
    assert after - before < 1
    assert season.rate(eight - HOUR / 2) == pytest.approx(6, rel=0.2)
    assert season.rate(eight + HOUR / 2) == pytest.approx(60, rel=0.1)


def test_doubt_vanishes_with_days() -> None:
    """It is whole for an hour never heard, and next to nothing after two weeks."""
    assert Season().doubt(MONDAY) == 1
    assert learned(2).doubt(MONDAY) < 0.02


def test_an_hour_never_heard_is_not_learned() -> None:
    """A gap of a week changes nothing, not even by forgetting."""
    season = learned(2)
    season.learn(MONDAY, 6.0, 1.0)
    before = (list(season.week_counts), list(season.week_hours), season.count)
    for number in range(168):
        season.learn(MONDAY + number * HOUR, 0.0, 0.0)
    season.learn(MONDAY, 0.0, 0.0)
    assert sum(season.week_hours) == pytest.approx(sum(before[1]) + 1, abs=1)
    assert season.count == pytest.approx(before[2] + 6, rel=0.02)


def test_a_ratio_follows_quickly_where_much_is_counted() -> None:
    """After a change the fast speed decides if it knows enough, and the slow one if it does not."""
    keeps = (0.5 ** (1 / 1_000), 0.5 ** (1 / 10))

    def changed(weight: float) -> float:
        ratio = Ratio.unknown(2)
        for number in range(3_000):
            ratio.learn((0.2 if number < 2_970 else 0.5) * weight, weight, keeps)
        return ratio.estimate(0.3, (4.0, 100.0))

    assert changed(100.0) > 0.4
    assert changed(0.1) < 0.25


def test_a_ratio_of_which_nothing_is_known_is_the_prior() -> None:
    """At every speed."""
    assert Ratio.unknown(3).estimate(0.25, (4.0, 300.0, 300.0)) == pytest.approx(0.25)


def test_dispersion_is_what_chance_does_not_explain() -> None:
    """The prior holds while nothing is known, and the least value always."""
    dispersion = Dispersion()
    assert dispersion.estimate(0.05, 10.0, 0.005) == pytest.approx(0.05)
    for _ in range(200):
        dispersion.learn(400.0 * 0.2, 400.0, 1.0)
    assert dispersion.estimate(0.05, 10.0, 0.005) == pytest.approx(0.2, rel=0.01)
    for _ in range(400):
        dispersion.learn(-100.0, 400.0, 1.0)
    assert dispersion.estimate(0.05, 10.0, 0.005) == 0.005
