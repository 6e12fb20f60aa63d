"""The model of how far chance moves a distro, against chance itself."""

from __future__ import annotations

import random
from datetime import timedelta
from math import sqrt
from statistics import fmean, median, stdev

import pytest

from tests.trends.rankings import DAY, MONTH, ranking, zipf
from trends import Ranking, moves, scatter
from trends.noise import SCATTER, places

WEEK = timedelta(days=7)


def test_a_rank_moves_more_easily_far_down() -> None:
    """At 90 by several places, at 3 by less than one."""
    before, after = zipf(day=DAY - MONTH), zipf()
    noise = {each.after.rank: each.noise for each in moves(before, after) if each.after}
    assert noise[3] < 0.5
    assert noise[90] > 1.5
    assert noise[3] < noise[30] < noise[90] < noise[300]


def test_ranks_without_hits() -> None:
    """They are taken for Zipf's, so that noise grows with the rank, and as with hits."""
    names = [f"d{rank}" for rank in range(1, 401)]
    bare = moves(ranking(*names, day=DAY - MONTH), ranking(*names))
    full = moves(zipf(day=DAY - MONTH), zipf())
    assert bare[89].noise == pytest.approx(30 * bare[2].noise)
    assert bare[89].noise == pytest.approx(full[89].noise, abs=0.6)


def test_averages_that_share_days_differ_less() -> None:
    """A day apart by little, a span apart by all, more than a span apart by no more."""
    apart = [
        scatter(None, zipf(day=DAY - timedelta(days=each)), zipf()) for each in (1, 30, 182.5, 400)
    ]
    assert apart[0] < apart[1] < apart[2] == apart[3]
    assert apart[2] == pytest.approx(SCATTER * sqrt(2 * 7 / 182.5))


def test_long_spans_and_many_hits_scatter_less() -> None:
    """A week more than half a year, ten hits more than a thousand."""

    def part(hits: int | None, span: str) -> float:
        return scatter(hits, zipf(day=DAY - WEEK, span=span), zipf(span=span))

    assert part(None, "1w") > 5 * part(None, "6m")
    assert part(None, "6m") < part(1_000, "6m") < part(10, "6m")
    assert part(0, "6m") == part(1, "6m")


def test_ties_are_within_chance() -> None:
    """Whoever has the same hits may stand anywhere among its equals."""
    tied = ranking(("a", 100), ("b", 10), ("c", 10), ("d", 10))
    assert places(tied.readings[2], tied, 0.0) == 1
    assert places(tied.readings[0], tied, 0.1) == 0


def test_the_model_holds_where_its_assumptions_do() -> None:
    """Of rankings that differ by chance alone, few moves are called clear, and noise is noise.

    Each distro's hits scatter by week, as the model has it, and by counting.
    """
    dice = random.Random(6)
    weeks = 26

    def hits(mean: float) -> int:
        scattered = mean * (1 + SCATTER * fmean(dice.gauss(0, 1) for _ in range(weeks)))
        return round(dice.gauss(scattered, sqrt(mean / (7 * weeks))))

    def drawn(number: int) -> Ranking:
        pairs = [(f"d{rank}", max(hits(40_000 / rank), 0)) for rank in range(1, 301)]
        pairs.sort(key=lambda each: -each[1])
        return ranking(*pairs, day=DAY + number * 400 * timedelta(days=1))

    clear, standard = [], []
    for number in range(30):
        for move in moves(drawn(2 * number), drawn(2 * number + 1)):
            clear.append(move.is_clear)
            if move.places is not None and move.noise > 2:
                standard.append(move.places / move.noise)
    assert fmean(clear) < 0.1
    assert 0.5 < stdev(standard) < 1.5
    assert median(standard) == pytest.approx(0, abs=0.2)
