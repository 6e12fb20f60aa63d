"""One ranking, and how long spans are."""

from __future__ import annotations

import pytest

from tests.trends.rankings import DAY, MONTH, ranking, zipf
from trends import Ranking, days


def test_a_ranking_is_in_order() -> None:
    """However its readings come; each is found by its distro."""
    built = Ranking.of(reversed(ranking(("mint", 9), ("debian", 5), "mx").readings))
    assert [each.distro for each in built.readings] == ["mint", "debian", "mx"]
    assert len(built) == 3
    found = built.get("debian")
    assert found is not None
    assert found.rank == 2
    assert built.get("none") is None


def test_a_ranking_is_of_one_day() -> None:
    """Readings of several, or none at all, are none."""
    two = (*ranking("mint").readings, *ranking("mint", day=DAY - MONTH).readings)
    for wrong in ((), two):
        with pytest.raises(ValueError, match="one source, span and day"):
            Ranking.of(wrong)


def test_whole_rankings() -> None:
    """DistroWatch's front page ends after a hundred; what others list is all that they count."""
    assert zipf(101).is_whole
    assert not zipf(100).is_whole
    assert ranking("debian", source="popcon").is_whole


def test_titles() -> None:
    """A year needs no date."""
    assert ranking("mint", span="2010").title == "2010"
    assert ranking("mint").title == "6m, 2026-11-24"


def test_hits_between() -> None:
    """Both ends count, and so do ties; what has no hits does not."""
    built = ranking(("a", 9), ("b", 5), ("c", 5), ("d", 1), "e")
    assert built.between(5, 9) == 3
    assert built.between(1.1, 4.9) == 0


@pytest.mark.parametrize(
    ("span", "length"),
    [("12m", 365), ("6m", 182.5), ("1m", 30.4), ("1w", 7), ("1d", 1), ("2014", 365), ("1y", 365)],
)
def test_days(span: str, length: float) -> None:
    """Of rolling spans and years."""
    assert days(span) == pytest.approx(length, abs=0.1)


@pytest.mark.parametrize("wrong", ["", "m", "0m", "6 m", "half", "20144", "-1m", "1m\n"])
def test_no_span(wrong: str) -> None:
    """Anything else is none; the error shows how to write one."""
    with pytest.raises(ValueError, match="write for example 6m"):
        days(wrong)
