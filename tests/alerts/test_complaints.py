"""Tests of the detector of outages: what it learns, when it speaks, and when it does not."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random

import pytest

import settings
from alerts import create
from signals import BUCKET, Observation, State
from tests.alerts.stream import DAY, SETTINGS, START, learned, observe, run, stream

NOON = 7 * DAY + 720


def test_ordinary_days_are_quiet_and_their_rhythm_is_learned() -> None:
    """After a week the expectation follows day and night, and nothing is confirmed."""
    detector = create(SETTINGS, learned(10.0))
    verdicts = run(detector, stream(range(7 * DAY, 8 * DAY), 10.0, seed=2))
    assert all(verdict.state is not State.CONFIRMED for verdict in verdicts)
    night, noon = verdicts[30], verdicts[12 * 60 + 30]
    assert night.expected == pytest.approx(0.8, rel=0.35)
    assert noon.expected == pytest.approx(3.2, rel=0.2)
    outside = [v for v in verdicts if not v.low <= v.observed <= v.high]
    assert len(outside) < 0.01 * len(verdicts)


@pytest.mark.parametrize(("rate", "within"), [(0.5, 40), (3.0, 8), (30.0, 3), (300.0, 2)])
def test_an_outage_is_confirmed_within_minutes(rate: float, within: int) -> None:
    """Ten times as many complaints are noticed soon; the more is said, the sooner."""
    detector = create(SETTINGS, learned(rate))
    run(detector, stream(range(7 * DAY, NOON), rate, seed=3))
    verdicts = run(detector, stream(range(NOON, NOON + 60), rate, seed=4, outage=10))
    assert any(verdict.state is State.CONFIRMED for verdict in verdicts[:within])
    assert verdicts[-1].state is State.CONFIRMED


@pytest.mark.parametrize("rate", [3.0, 300.0])
def test_a_benign_buzz_is_no_outage(rate: float) -> None:
    """Four times as much of everything is news, as long as no larger share complains."""
    detector = create(SETTINGS, learned(rate))
    run(detector, stream(range(7 * DAY, NOON), rate, seed=3))
    verdicts = run(detector, stream(range(NOON, NOON + 60), rate, seed=4, buzz=4))
    assert all(verdict.state is not State.CONFIRMED for verdict in verdicts)


def test_complaints_alone_are_judged_by_their_number() -> None:
    """Where nothing else is ever heard, nothing else can tell of a buzz."""
    rng = Random(1)
    quiet = [observe(minute, int(rng.random() < 0.3)) for minute in range(3 * DAY)]
    detector = create(SETTINGS)
    run(detector, quiet)
    verdicts = run(detector, [observe(3 * DAY + minute, 3) for minute in range(10)])
    assert verdicts[-1].state is State.CONFIRMED


def test_fewer_complaints_than_the_floor_are_never_a_spike() -> None:
    """Four complaints about a topic that had none are below the floor of five."""
    detector = create(SETTINGS)
    run(detector, [observe(minute, 0) for minute in range(2 * DAY)])
    assert detector.step(observe(2 * DAY, 4)).state is State.QUIET
    assert detector.step(observe(2 * DAY + 1, 1)).state is not State.QUIET


def test_one_angry_person_is_no_outage() -> None:
    """Whoever complains thirty times a minute is one person, and thirty people are many."""

    def after(people: int) -> set[State]:
        detector = create(SETTINGS, learned(3.0))
        run(detector, stream(range(7 * DAY, NOON), 3.0, seed=3))
        angry = [observe(NOON + minute, 30, 33, authors=3 + people) for minute in range(3)]
        return {verdict.state for verdict in run(detector, angry)}

    assert after(people=1) <= {State.QUIET, State.POSSIBLE}
    assert State.CONFIRMED in after(people=30)


def test_unknown_authors_are_no_reason_for_silence() -> None:
    """A source that names none is believed."""
    detector = create(SETTINGS, learned(3.0))
    run(detector, stream(range(7 * DAY, NOON), 3.0, seed=3))
    nameless = [observe(NOON + minute, 30, 33, authors=0) for minute in range(3)]
    assert run(detector, nameless)[-1].state is State.CONFIRMED


def test_sensitivity_moves_what_is_told() -> None:
    """What is a certain spike at a hundred false alarms a month is none at one in a decade."""

    def worst(sensitivity: float) -> State:
        detector = create(settings.Detection(sensitivity=sensitivity), learned(3.0))
        run(detector, stream(range(7 * DAY, NOON), 3.0, seed=3))
        series = [observe(NOON + minute, 4, 7) for minute in range(3)]
        return max(verdict.state for verdict in run(detector, series))

    assert worst(0.01) is State.QUIET
    assert worst(100) is State.CONFIRMED


def test_the_window_that_surprises_is_told() -> None:
    """A message can say what was seen, and what was expected."""
    detector = create(SETTINGS, learned(30.0))
    run(detector, stream(range(7 * DAY, NOON), 30.0, seed=3))
    assert detector.case is None or detector.case.score < 5
    run(detector, stream(range(NOON, NOON + 5), 30.0, seed=4, outage=10))
    case = detector.case
    assert case is not None
    assert case.length in {timedelta(minutes=3), timedelta(minutes=10)}
    assert case.complaints > case.high > case.expected > case.low >= 0
    assert case.complaints < case.mentions
    assert case.usual_share == pytest.approx(0.2, rel=0.2)
    assert case.score > 10


# -- the beginning


def test_the_first_six_hours_are_quiet_but_have_a_band() -> None:
    """A cold detector claims nothing, whatever it hears, and still says what it expects."""
    detector = create(SETTINGS)
    verdicts = run(detector, [observe(minute, 1) for minute in range(300)])
    verdicts += run(detector, [observe(minute, 50) for minute in range(300, 360)])
    assert {verdict.state for verdict in verdicts} == {State.QUIET}
    assert {verdict.score for verdict in verdicts} == {0.0}
    assert all(verdict.low <= verdict.expected < verdict.high for verdict in verdicts)
    assert verdicts[299].expected == pytest.approx(1.0, rel=0.3)
    assert detector.learned == timedelta(hours=6)


def test_the_first_day_doubts_hours_that_it_never_heard() -> None:
    """A morning three times as loud as the night before is no spike on the first day."""
    detector = create(SETTINGS)
    verdicts = run(detector, stream(range(DAY), 150.0))
    assert {verdict.state for verdict in verdicts} == {State.QUIET}


def test_an_outage_on_the_second_day_is_heard() -> None:
    """A day is enough to know what is usual, if much is said."""
    detector = create(SETTINGS)
    run(detector, stream(range(DAY + 600), 30.0))
    verdicts = run(detector, stream(range(DAY + 600, DAY + 610), 30.0, seed=2, outage=6))
    assert verdicts[-1].state is State.CONFIRMED


# -- gaps


def test_a_gap_is_not_learned() -> None:
    """A day without listening leaves the whole expectation as it was."""
    detector = create(SETTINGS, learned(10.0))
    before = json.loads(detector.dump())
    gap = [observe(7 * DAY + n, 0, coverage=0.4) for n in range(DAY - 1)]
    verdicts = run(detector, gap)
    after = json.loads(detector.dump())
    assert after["normal"] == before["normal"]
    assert detector.unheard == DAY - 1
    assert {verdict.state for verdict in verdicts} == {State.QUIET}


def test_a_gap_neither_fires_nor_ends_a_spike() -> None:
    """Counts in a gap mean nothing: the state before it is held, for a day at the most."""
    detector = create(SETTINGS, learned(10.0))
    begin = 7 * DAY
    loud = [observe(begin + n, 5_000, coverage=0.1) for n in range(60)]
    assert {verdict.state for verdict in run(detector, loud)} == {State.QUIET}
    spike = run(detector, stream(range(begin + 60, begin + 80), 10.0, seed=5, outage=15))
    assert spike[-1].state is State.CONFIRMED
    gap = run(detector, [observe(begin + 80 + n, 0, coverage=0.0) for n in range(DAY)])
    assert {verdict.state for verdict in gap[:-1]} == {State.CONFIRMED}
    assert gap[-1].state is State.QUIET


def test_old_complaints_do_not_fire_after_a_gap() -> None:
    """What was heard before a gap of a day is no evidence for the minute after it."""
    detector = create(SETTINGS, learned(10.0))
    begin = 7 * DAY
    run(detector, stream(range(begin, begin + 20), 10.0, seed=5, outage=15))
    run(detector, [observe(begin + 20 + n, 0, coverage=0.0) for n in range(DAY)])
    after = stream(range(begin + DAY + 20, begin + DAY + 40), 10.0, seed=6)
    assert {verdict.state for verdict in run(detector, after)} == {State.QUIET}


@pytest.mark.parametrize("rate", [3.0, 30.0])
def test_missing_minutes_neither_fire_nor_resolve(rate: float) -> None:
    """A tenth of the minutes is missing, alone and in blocks: an outage lasts all its time."""
    rng = Random(1)
    detector = create(SETTINGS, learned(rate))
    series = stream(range(7 * DAY, NOON), rate, seed=3)
    series += stream(range(NOON, NOON + 90), rate, seed=4, outage=8)
    gaps = {minute for minute in range(len(series)) if rng.random() < 0.1}
    gaps |= {at + n for at in range(100, len(series), 200) for n in range(20)}
    verdicts = run(
        detector,
        [
            observe(7 * DAY + n, 0, coverage=0.0) if n in gaps else minute
            for n, minute in enumerate(series)
        ],
    )
    assert {verdict.state for verdict in verdicts[:720]} == {State.QUIET}
    states = [verdict.state for verdict in verdicts[720:]]
    begin = states.index(State.CONFIRMED)
    assert begin < 20
    assert set(states[begin:]) == {State.CONFIRMED}


def test_partial_coverage_scales_what_is_expected() -> None:
    """Half a minute of listening leads one to expect half as much."""
    whole = create(SETTINGS, learned(10.0)).step(observe(7 * DAY, 1, 5, coverage=1.0))
    half = create(SETTINGS, learned(10.0)).step(observe(7 * DAY, 1, 5, coverage=0.5))
    assert half.expected == pytest.approx(whole.expected / 2)
    assert half.high < whole.high
    verdicts = run(
        create(SETTINGS, learned(10.0)),
        stream(range(7 * DAY, NOON), 10.0, seed=3, coverage=0.6),
    )
    assert {verdict.state for verdict in verdicts} == {State.QUIET}


# -- during and after an outage


def test_an_outage_does_not_poison_what_is_usual() -> None:
    """Two hours of twenty times as many complaints hardly move the next day's expectation."""
    detector = create(SETTINGS, learned(10.0))
    run(detector, stream(range(7 * DAY, NOON), 10.0, seed=7))
    outage = run(detector, stream(range(NOON, NOON + 120), 10.0, seed=8, outage=20))
    later = run(detector, stream(range(NOON + 120, NOON + 120 + DAY), 10.0, seed=9))
    assert later[0].expected == pytest.approx(outage[0].expected, rel=0.25)
    assert later[-120].expected == pytest.approx(outage[0].expected, rel=0.25)
    assert later[-1].state is State.QUIET


def test_it_is_quiet_soon_after_an_outage() -> None:
    """The longer windows still hold it, and yet they do not say that it goes on."""
    detector = create(SETTINGS, learned(10.0))
    run(detector, stream(range(7 * DAY, NOON), 10.0, seed=7))
    run(detector, stream(range(NOON, NOON + 60), 10.0, seed=8, outage=10))
    after = run(detector, stream(range(NOON + 60, NOON + 180), 10.0, seed=9))
    assert after[0].state is State.CONFIRMED
    assert {verdict.state for verdict in after[20:]} == {State.QUIET}
    again = run(detector, stream(range(NOON + 180, NOON + 190), 10.0, seed=8, outage=10))
    assert again[-1].state is State.CONFIRMED


def test_a_spike_is_steady_until_it_is_over() -> None:
    """A lull of a few minutes does not end it, and it never falls back to possible."""
    detector = create(SETTINGS, learned(3.0))
    run(detector, stream(range(7 * DAY, NOON), 3.0, seed=7))
    series = stream(range(NOON, NOON + 30), 3.0, seed=8, outage=8)
    series += stream(range(NOON + 30, NOON + 33), 3.0, seed=9)
    series += stream(range(NOON + 33, NOON + 60), 3.0, seed=10, outage=8)
    states = [verdict.state for verdict in run(detector, series)]
    assert set(states[states.index(State.CONFIRMED) :]) == {State.CONFIRMED}


def test_nothing_is_learned_from_a_spike() -> None:
    """Neither what is usual nor how much it varies."""
    detector = create(SETTINGS, learned(10.0))
    spike = stream(range(7 * DAY, 7 * DAY + 30), 10.0, seed=5, outage=15)
    run(detector, spike[:15])
    before = json.loads(detector.dump())
    assert before["state"] == State.CONFIRMED
    run(detector, spike[15:])
    after = json.loads(detector.dump())
    assert after["normal"] == before["normal"]


@pytest.mark.parametrize("rate", [0.1, 1.0, 10.0])
def test_a_long_outage_does_not_hide_itself(rate: float) -> None:
    """After three hours of ten times as many complaints, and more, it is still confirmed."""
    detector = create(SETTINGS, learned(rate))
    run(detector, stream(range(7 * DAY, NOON), rate, seed=11))
    multiple = max(10.0, 5 / rate)
    verdicts = run(detector, stream(range(NOON, NOON + 180), rate, seed=12, outage=multiple))
    late = [verdict.state for verdict in verdicts[120:]]
    assert late.count(State.CONFIRMED) > 0.8 * len(late)
    run(detector, stream(range(NOON + 180, NOON + DAY), rate, seed=13))
    again = stream(range(NOON + DAY, NOON + DAY + 20), rate, seed=14, outage=multiple)
    assert run(detector, again)[-1].state is State.CONFIRMED


def test_a_spike_that_lasts_a_day_is_the_new_normal() -> None:
    """After a day the detector says so once, and then expects the new volume."""
    detector = create(SETTINGS, learned(10.0))
    shifts, verdicts = [], []
    for observation in stream(range(7 * DAY, 9 * DAY), 10.0, seed=9, outage=8):
        verdicts.append(detector.step(observation))
        if detector.shifted:
            shifts.append(observation.time)
    assert len(shifts) == 1
    assert START + 8 * DAY * BUCKET <= shifts[0] < START + (8 * DAY + 60) * BUCKET
    assert verdicts[DAY - 60].state is State.CONFIRMED
    assert {verdict.state for verdict in verdicts[DAY + 60 :]} == {State.QUIET}
    half_a_day = verdicts[-720:]
    seen = sum(verdict.observed for verdict in half_a_day)
    assert sum(verdict.expected for verdict in half_a_day) == pytest.approx(seen, rel=0.2)


def test_days_are_buckets_as_well() -> None:
    """Whatever the step, nothing is the new normal after one bucket."""
    detector = create(SETTINGS, step=timedelta(days=1))
    rng = Random(1)
    days = [
        Observation(START + timedelta(days=n), 500, 90 + rng.randrange(20), 0, 1.0)
        for n in range(90)
    ]
    assert {verdict.state for verdict in run(detector, days)} == {State.QUIET}
    for number in range(3):
        loud = Observation(START + timedelta(days=90 + number), 1_000, 700, 0, 1.0)
        assert detector.step(loud).state is State.CONFIRMED
