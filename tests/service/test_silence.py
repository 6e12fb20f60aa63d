"""When nothing is too little to be believed."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from service.silence import UNBELIEVABLE, silence

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
PATIENCE = timedelta(minutes=3)

Minutes = list[tuple[datetime, int]]


def history(hours: float, rate: float, seed: int = 1, night: float = 1.0) -> Minutes:
    """Return minutes until noon with ``rate`` items an hour; ``night`` times as many until six."""
    dice = random.Random(seed)
    start = NOON - hours * HOUR
    return [
        (at, _poisson(rate / 60 * (night if at.hour < 6 else 1.0), dice))
        for at in (start + n * MINUTE for n in range(int(hours * 60)))
    ]


def _poisson(mean: float, dice: random.Random) -> int:
    count, product = 0, dice.random()
    while product > math.exp(-mean):
        count, product = count + 1, product * dice.random()
    return count


def silent(heard: Minutes, length: timedelta) -> Minutes:
    """Return ``heard``, and then empty minutes for ``length``."""
    end = heard[-1][0] + MINUTE
    return [*heard, *((end + n * MINUTE, 0) for n in range(int(length / MINUTE)))]


def is_believed(heard: Minutes) -> bool:
    """Return whether the source is just quiet, as far as can be told."""
    found = silence(heard, now=heard[-1][0] + MINUTE, patience=PATIENCE)
    return found is None or found.is_believable


def test_a_busy_source_that_falls_silent_is_not_believed_for_long() -> None:
    """Ten items a minute, then none: a few minutes are enough."""
    heard = history(48, 600)
    assert is_believed(silent(heard, MINUTE))
    assert not is_believed(silent(heard, 10 * MINUTE))


def test_a_source_of_few_items_is_given_time() -> None:
    """Two an hour may well be silent for an afternoon."""
    heard = history(7 * 24, 2)
    assert is_believed(silent(heard, 5 * HOUR))
    assert not is_believed(silent(heard, 100 * HOUR))


@pytest.mark.parametrize("seed", range(3))
def test_it_does_not_cry_wolf_at_night(seed: int) -> None:
    """Whoever sleeps from midnight to six is not unwell, whenever one looks."""
    heard = history(7 * 24, 60, seed, night=0.02)
    for at in range(2 * 24 * 60, len(heard), 89):
        assert is_believed(heard[:at]), heard[at]


@pytest.mark.parametrize("seed", range(3))
def test_it_does_not_cry_wolf_between_bursts(seed: int) -> None:
    """Thirty posts at the full hour and none until the next are no Poisson process."""
    dice = random.Random(seed)
    heard = [
        (at, dice.randrange(20, 40) if at.minute == 0 else 0) for at, _ in history(72, 0, seed)
    ]
    for at in range(24 * 60, len(heard), 31):
        assert is_believed(heard[:at]), heard[at]
    assert not is_believed(silent(heard, 4 * HOUR))


def test_a_day_of_history_is_needed() -> None:
    """With each hour of the day in it."""
    assert is_believed(silent(history(23, 600), 12 * HOUR))
    assert silence([], now=NOON, patience=PATIENCE) is None
    gaps = [(at, items) for at, items in history(72, 600) if at.hour != 4]
    assert is_believed(silent(gaps, 12 * HOUR))


def test_time_that_was_not_heard_is_no_silence() -> None:
    """After a night off nobody knows what would have come."""
    heard = history(48, 600)
    late = heard[-1][0] + 12 * HOUR
    found = silence([*heard, (late, 0)], now=late + MINUTE, patience=PATIENCE)
    assert found is not None
    assert found.lasts == MINUTE


def test_its_numbers() -> None:
    """The rate is that of the quietest hour of the day, the chance that of a Poisson process."""
    heard = [(at, 1 if at.hour == 4 else 2) for at, _ in history(24, 0)]
    heard[-30:] = [(at, 0) for at, _ in heard[-30:]]
    heard.append((NOON, 1))
    found = silence(silent(heard, 10 * MINUTE), now=NOON + 11 * MINUTE, patience=PATIENCE)
    assert found is not None
    assert found.since == NOON
    assert found.lasts == 11 * MINUTE
    assert found.longest == 31 * MINUTE
    assert found.rate == pytest.approx(60)
    assert found.chance == pytest.approx(math.exp(-11))
    assert found.chance > UNBELIEVABLE
