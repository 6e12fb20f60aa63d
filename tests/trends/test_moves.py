"""Who moved, by how much, and who is in one ranking only."""

from __future__ import annotations

import pytest

from tests.trends.rankings import DAY, MONTH, placed, ranking
from trends import movers, moves

BEFORE = DAY - MONTH


def test_moves() -> None:
    """In the order of the later ranking, with places and hits gained; the lost come last."""
    before = ranking(("mint", 900), ("gone", 800), ("debian", 700), day=BEFORE)
    after = ranking(("debian", 950), ("mint", 850), ("new", 100))
    found = moves(before, after)
    assert [(each.distro, each.places, each.hits) for each in found] == [
        ("debian", 2, 250), ("mint", -1, -50), ("new", None, None), ("gone", None, None),
    ]  # fmt: skip
    assert [each.name for each in found] == ["Debian", "Mint", "New", "Gone"]


def test_a_figure_that_is_unknown_gives_no_difference() -> None:
    """It is no zero."""
    found = moves(ranking(("mint", None), day=BEFORE), ranking(("mint", 900)))
    assert found[0].hits is None
    assert found[0].places == 0


def test_what_chance_explains_is_not_clear() -> None:
    """Two places at the top are clear, two at 90 are not; none is not either."""
    before = placed(120, BEFORE, top=5, low=90, still=50)
    after = placed(120, top=3, low=88, still=50)
    found = {each.distro: each for each in moves(before, after)}
    assert (found["top"].places, found["top"].is_clear) == (2, True)
    assert (found["low"].places, found["low"].is_clear) == (2, False)
    assert (found["still"].places, found["still"].is_clear) == (0, False)


def test_movers_come_by_how_far_they_got() -> None:
    """From 30 to 10 is as far as from 3 to 1, and further than from 90 to 60."""
    before = placed(120, BEFORE, a=3, b=30, c=90)
    after = placed(120, a=1, b=10, c=60)
    found = movers(moves(before, after))
    assert [each.distro for each in found if each.distro in "abc"] == ["a", "b", "c"]
    assert found[0].strength == pytest.approx(found[1].strength)
    down = movers(moves(after, before))
    assert [each.distro for each in down if each.distro in "abc"] == ["a", "b", "c"]
    assert down[0].strength < 0


def test_what_is_in_one_ranking_only_has_no_strength() -> None:
    """It neither rose nor fell."""
    new, gone = moves(ranking("gone", day=BEFORE), ranking("new"))
    assert new.strength == gone.strength == 0
    assert not new.is_clear


def test_sources_are_never_compared() -> None:
    """They count different things."""
    with pytest.raises(ValueError, match="distrowatch and popcon count different things"):
        moves(ranking("mint"), ranking("mint", source="popcon"))
