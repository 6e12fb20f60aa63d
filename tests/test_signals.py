"""The vocabulary: buckets, instants, and identities that hold over restarts."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

import signals
from signals import BUCKET, Change, Incident, Level, Phase, Span, State, Step, Verdict, Volume

NOON = datetime(2026, 11, 24, 12, 34, 56, 789_000, UTC)

instants = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis wants its bounds without a zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)


def change(phase: Phase, at: datetime = NOON, reason: str = "") -> Change:
    """Return a change of one incident."""
    verdict = Verdict(NOON, 9.0, 1.0, 0.0, 5.0, 6.0, State.CONFIRMED)
    incident = Incident("20261124T1234Z-0", "GitHub", phase, NOON, at, verdict)
    return Change(incident, at, reason, Step(incident.phase))


@given(instants, st.sampled_from(Level))
def test_a_bucket_holds_the_instant_that_names_it(instant: datetime, level: Level) -> None:
    """It starts at a whole minute, hour or day of UTC, at most its width before the instant."""
    start = level.floor(instant)
    assert start <= instant < start + timedelta(seconds=level)
    assert signals.seconds(start) % level == 0
    assert start.utcoffset() == timedelta(0)
    assert level.floor(start) == start


def test_the_narrowest_bucket_is_a_minute() -> None:
    """The width of a bucket is said twice, and both agree."""
    assert timedelta(seconds=min(Level)) == BUCKET


@given(instants)
def test_seconds_are_rounded_down_and_come_back(instant: datetime) -> None:
    """A whole second survives the way there and back, in any zone."""
    whole = signals.from_seconds(signals.seconds(instant))
    assert timedelta(0) <= instant - whole < timedelta(seconds=1)
    assert whole.tzinfo is UTC


@given(instants)
def test_text_times_are_utc_to_the_second(instant: datetime) -> None:
    """What is printed is read back as the same second."""
    text = signals.iso(instant)
    assert text.endswith("Z")
    assert signals.seconds(datetime.fromisoformat(text)) == signals.seconds(instant)


def test_a_time_without_a_zone_is_refused() -> None:
    """It would mean another instant on each machine."""
    with pytest.raises(ValueError, match="no time zone"):
        signals.seconds(NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="no time zone"):
        Level.HOUR.floor(NOON.replace(tzinfo=None))


def test_a_span_cannot_end_before_it_starts() -> None:
    """An empty one is possible."""
    assert Span(NOON, NOON).start == NOON
    with pytest.raises(ValueError, match="cannot end"):
        Span(NOON, NOON - BUCKET)


def test_a_volume_adds_up() -> None:
    """Its total is that of the three polarities."""
    assert Volume(NOON, positive=2, negative=3, neutral=4, authors=9).total == 9
    assert Volume(NOON).coverage == 0.0


def test_a_change_keeps_its_identity() -> None:
    """It depends on the incident, the minute and the phase, not on the words about it."""
    confirmed = change(Phase.CONFIRMED, reason="one")
    assert confirmed.id == change(Phase.CONFIRMED, reason="another").id
    others = {change(Phase.RESOLVED).id, change(Phase.CONFIRMED, NOON + BUCKET).id}
    assert confirmed.id not in others
    assert len(others) == 2


@pytest.mark.parametrize(
    "kind", [kind for kind in vars(signals).values() if dataclasses.is_dataclass(kind)]
)
def test_every_word_is_frozen_and_slotted(kind: type) -> None:
    """Nobody can alter a value that another room holds, or hang something on it."""
    assert vars(kind)["__dataclass_params__"].frozen
    assert "__slots__" in vars(kind)
