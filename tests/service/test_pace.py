"""When a source is asked next."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from service.pace import HURRY, IDLE, LONGEST_PAUSE, alarmed, pace, pause
from signals import Incident, Phase, State, Verdict
from tests.support.serving import Voice, well

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NEVER = timedelta(0)


def voice(interval: float, **bounds: float) -> Voice:
    """Return a source that is asked every ``interval`` seconds, with bounds in seconds."""
    found = Voice(well())
    found.interval = timedelta(seconds=interval)
    for name, seconds in bounds.items():
        setattr(found, name, timedelta(seconds=seconds))
    return found


@pytest.mark.parametrize(
    ("collector", "seconds"),
    [
        (voice(120), 30),
        (voice(60), 15),
        (voice(40), 15),
        (voice(10), 10),
        (voice(120, fastest=60), 60),
        (voice(120, fastest=120), 120),
        (voice(20, fastest=5), 5),
    ],
)
def test_an_incident_makes_it_faster(collector: Voice, seconds: float) -> None:
    """Four times, but never faster than the source allows, and never slower than usual."""
    found = pace(collector, idle=IDLE, alarmed=True)
    assert found == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("idle", "seconds"), [(NEVER, 60), (IDLE / 2, 90), (IDLE, 120), (30 * IDLE, 120)]
)
def test_silence_makes_it_slower(idle: timedelta, seconds: float) -> None:
    """Gradually, up to twice the interval; something new brings it back at once."""
    assert pace(voice(60), idle=idle, alarmed=False) == timedelta(seconds=seconds)
    assert pace(voice(60, slowest=60), idle=idle, alarmed=False) == timedelta(seconds=60)


def incident(topic: str, phase: Phase, changed: datetime) -> Incident:
    """Return an incident as it stands since ``changed``."""
    worst = Verdict(NOON, 9.0, 1.0, 0.0, 3.0, 6.0, State.CONFIRMED)
    return Incident(f"{topic}-1", topic, phase, NOON - timedelta(days=1), changed, worst)


def test_an_incident_that_never_ends_alarms_nobody_for_ever() -> None:
    """Only what goes on, and changed lately."""
    found = alarmed(
        [
            incident("new", Phase.POSSIBLE, NOON),
            incident("sure", Phase.CONFIRMED, NOON - HURRY + timedelta(minutes=1)),
            incident("over", Phase.RESOLVED, NOON),
            incident("old", Phase.CONFIRMED, NOON - HURRY),
        ],
        NOON,
    )
    assert found == {"new", "sure"}


def test_pauses_grow_and_differ() -> None:
    """Any time up to a bound that doubles, to an hour; no shorter than an ordinary wait."""
    dice = random.Random(1)
    for failures, bound in ((1, 120), (3, 480), (6, 3_600), (1_000, 3_600)):
        found = [pause(60.0, failures, dice) for _ in range(500)]
        assert min(found) >= 60
        assert 0.9 * bound < max(found) <= bound
        assert len(set(found)) > 200
    assert pause(7_200.0, 5, dice) == LONGEST_PAUSE
    assert max(pause(1.0, 1_000, dice) for _ in range(500)) <= LONGEST_PAUSE
