"""Tests of an incident's life."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import settings
from alerts import About, Life, Past, Sign, advance
from signals import BUCKET, Change, Incident, Phase, State, Step, Subject, Verdict

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = settings.Detection(resolve_after=timedelta(minutes=5), reopen_within=timedelta(minutes=10))
SCORES = {State.QUIET: 0.4, State.POSSIBLE: 3.5, State.CONFIRMED: 6.0}
STEPS = {
    "q": State.QUIET,
    "p": State.POSSIBLE,
    "c": State.CONFIRMED,
    "s": State.QUIET,  # high has become normal
    "-": None,  # a gap
}


def _live(steps: str, topic: str = "GitHub") -> tuple[Incident | None, list[Change]]:
    """Return the latest incident and all changes after one step a minute."""
    life, changes = _life(steps, topic)
    return life.incident if life else None, changes


def _life(
    steps: str,
    topic: str = "GitHub",
    life: Life | None = None,
    first: int = 0,
    unheard: int = 0,
) -> tuple[Life | None, list[Change]]:
    """Go on with ``life`` at minute ``first``, after a gap of ``unheard`` minutes."""
    changes: list[Change] = []
    for minute, step in enumerate(steps, start=first):
        state = STEPS[step]
        unheard = unheard + 1 if state is None else 0
        verdict = Verdict(
            time=START + minute * BUCKET,
            observed=3,
            expected=1,
            low=0,
            high=5,
            score=SCORES[state or State.QUIET],
            state=state or State.QUIET,
        )
        sign = Sign(verdict, unheard, shifted=step == "s")
        life, change = advance(About(topic), life, sign, RULES)
        if change is not None:
            changes.append(change)
    return life, changes


def _minutes(changes: list[Change]) -> list[tuple[int, str]]:
    return [((c.time - START) // BUCKET, c.incident.phase.value) for c in changes]


def test_the_whole_life() -> None:
    """Possible, confirmed, and resolved after five quiet minutes."""
    incident, changes = _live("qqppccqcqqqqqqqq")
    assert _minutes(changes) == [(2, "possible"), (4, "confirmed"), (12, "resolved")]
    assert incident is not None
    assert (incident.opened, incident.last_seen) == (START + 2 * BUCKET, START + 7 * BUCKET)
    assert incident.worst.score == 6.0
    assert changes[-1].reason == "no unusual complaints for 5 minutes"


def test_a_sudden_spike_is_confirmed_at_once() -> None:
    """Nobody has to wait for a stage in between."""
    _, changes = _live("qc")
    assert _minutes(changes) == [(1, "confirmed")]


def test_what_was_only_possible_closes_quietly() -> None:
    """It is recorded and resolved, and nobody is told of it."""
    incident, changes = _live("qpqqqqqq")
    assert _minutes(changes) == [(1, "possible"), (6, "resolved")]
    assert incident is not None
    assert incident.worst.state is State.POSSIBLE


def test_what_comes_back_soon_is_the_same_incident() -> None:
    """Within the reopening time it goes on under its old id, and counts that."""
    incident, changes = _live("c" + "q" * 8 + "c")
    assert _minutes(changes) == [(0, "confirmed"), (5, "resolved"), (9, "confirmed")]
    assert incident is not None
    assert (incident.reopened, incident.opened) == (1, START)
    assert len({change.incident.id for change in changes}) == 1
    assert len({change.id for change in changes}) == 3
    assert changes[-1].step is Step.REOPENED
    assert "came back" in changes[-1].reason


def test_what_was_confirmed_does_not_come_back_as_merely_possible() -> None:
    """A flicker after the end is no alarm; beyond the reopening time it is a new incident."""
    _, changes = _live("cqqqqqppp")
    assert _minutes(changes) == [(0, "confirmed"), (5, "resolved")]
    _, changes = _live("c" + "q" * 15 + "p")
    assert _minutes(changes)[2:] == [(16, "possible")]


def test_what_comes_back_late_is_another_incident() -> None:
    """After the reopening time there is a new id."""
    _, changes = _live("c" + "q" * 15 + "c")
    assert _minutes(changes) == [(0, "confirmed"), (5, "resolved"), (16, "confirmed")]
    assert changes[0].incident.id != changes[2].incident.id
    assert changes[2].incident.reopened == 0


def test_a_gap_holds_the_state() -> None:
    """Minutes that nobody listened to do not count as quiet, wherever they lie."""
    assert _minutes(_live("cqqq" + "-" * 100)[1]) == [(0, "confirmed")]
    assert _minutes(_live("cqqq" + "-" * 100 + "qq")[1])[1:] == [(105, "resolved")]
    assert _minutes(_live("c-q-q-q-q-q")[1])[1:] == [(10, "resolved")]


def test_a_gap_opens_nothing() -> None:
    """Whatever state is held in a gap, it is no news."""
    verdict = Verdict(START, 9, 1, 0, 5, 7.0, State.CONFIRMED)
    assert advance(About("GitHub"), None, Sign(verdict, 3), RULES) == (None, None)


def test_no_data_for_a_day_ends_it() -> None:
    """A source that never returns does not keep an incident open for ever."""
    incident, changes = _live("c" + "-" * 1_440)
    assert _minutes(changes) == [(0, "confirmed"), (1_440, "resolved")]
    assert changes[-1].reason == "no data for 24 hours"
    assert incident is not None
    assert incident.phase is Phase.RESOLVED
    assert _live("c" + "-" * 1_440 + "-" * 5)[0] == incident


def test_ids_tell_topics_and_times_apart() -> None:
    """Two topics that fall in the same minute have two incidents; a replay has the same."""
    one, _ = _live("c", "GitHub")
    other, _ = _live("c", "Cloud / EU — é")
    assert one is not None
    assert other is not None
    assert one.id != other.id
    assert _live("c", "GitHub")[0] == one
    assert other.id.isascii()
    assert other.id.replace("-", "").isalnum()


LEGAL = {
    None: {Phase.POSSIBLE, Phase.CONFIRMED},
    Phase.POSSIBLE: {Phase.CONFIRMED, Phase.RESOLVED},
    Phase.CONFIRMED: {Phase.RESOLVED},
    Phase.RESOLVED: {Phase.POSSIBLE, Phase.CONFIRMED},
}


@given(st.lists(st.tuples(st.sampled_from("qqpc-"), st.integers(1, 12)), max_size=40))
def test_every_life_is_legal(runs: list[tuple[str, int]]) -> None:
    """Whatever happens, phases follow each other legally, and what people are told alternates."""
    _, changes = _live("".join(step * length for step, length in runs))
    phase, identity = None, None
    for change in changes:
        assert change.incident.phase in LEGAL[phase]
        if change.incident.id != identity:
            assert phase in {None, Phase.RESOLVED}
            assert change.incident.reopened == 0
        phase, identity = change.incident.phase, change.incident.id
    assert len({change.id for change in changes}) == len(changes)
    opened = [c.incident.id for c in changes if c.time == c.incident.opened]
    assert len(set(opened)) == len(opened)
    opening = {Step.POSSIBLE, Step.CONFIRMED, Step.REOPENED, Step.FLAPPING}
    sure = [c.step for c in changes if c.incident.worst.state is State.CONFIRMED]
    assert sure[:1] in ([], [Step.CONFIRMED])
    assert all(first not in opening or second not in opening for first, second in pairwise(sure))


@pytest.mark.parametrize("cut", range(14))
def test_the_stored_incident_is_all_that_a_restart_needs(cut: int) -> None:
    """Each step depends on the incident handed in and on nothing else."""
    steps = "qpc-qcqq-qqq-q"
    whole, changes = _life(steps)
    before, first = _life(steps[:cut])
    unheard = len(steps[:cut]) - len(steps[:cut].rstrip("-"))
    after, rest = _life(steps[cut:], life=before, first=cut, unheard=unheard)
    assert (after, first + rest) == (whole, changes)


def test_what_keeps_coming_back_is_told_once() -> None:
    """The fourth time it says that it flaps; then there is silence until it settles."""
    once = "c" + "q" * 7
    life, changes = _life(once * 12)
    assert [change.step for change in changes] == [
        Step.CONFIRMED, Step.RESOLVED, Step.REOPENED, Step.RESOLVED, Step.REOPENED, Step.RESOLVED,
        Step.REOPENED, Step.RESOLVED, Step.FLAPPING,
    ]  # fmt: skip
    assert "came back 4 times within 6 hours" in changes[-1].reason
    assert life is not None
    assert life.is_flapping
    settled, after = _life("q" * 15, life=life, first=96)
    assert [change.step for change in after] == [Step.RESOLVED]
    assert settled is not None
    assert not settled.is_flapping
    _, back = _life("c", life=settled, first=111)
    assert [change.step for change in back] == [Step.REOPENED]


def test_an_incident_lasts_at_least_the_time_of_quiet() -> None:
    """A single bad minute is over after that, never at once."""
    _, changes = _live("cqqqqqq")
    assert changes[-1].time - changes[0].time >= RULES.resolve_after


def test_what_was_only_possible_and_comes_back_worse_is_confirmed() -> None:
    """People hear of it for the first time, so that it is not told as something that came back."""
    _, changes = _live("pqqqqqqqc")
    assert [change.step for change in changes] == [Step.POSSIBLE, Step.RESOLVED, Step.CONFIRMED]


def test_people_are_reminded_of_what_goes_on() -> None:
    """Every four hours while it looks wrong, from the last time that they heard of it."""
    _, changes = _live("c" * 600)
    assert [((c.time - START) // BUCKET, c.step) for c in changes] == [
        (0, Step.CONFIRMED), (240, Step.REMINDER), (480, Step.REMINDER),
    ]  # fmt: skip
    assert {change.incident.changed for change in changes} == {START}


def test_nobody_is_reminded_of_what_is_acknowledged_or_flaps() -> None:
    """Somebody looks after it; after its expiry an acknowledgement holds no more."""
    life, _ = _life("c")
    assert life is not None

    def after(step: Step, until: int | None) -> list[int]:
        end = START + until * BUCKET if until else None
        cared = replace(life, past=(*life.past, Past(START, step, end)))
        _, changes = _life("c" * 700, life=cared, first=1)
        return [(change.time - START) // BUCKET for change in changes]

    assert after(Step.ACKNOWLEDGED, None) == []
    assert after(Step.FLAPPING, None) == []
    assert after(Step.ACKNOWLEDGED, 300) == [300, 540]
    assert after(Step.ACKNOWLEDGED, 60) == [240, 480]
    assert after(Step.SNOOZED, 60) == [60, 300, 540]
    assert after(Step.SNOOZED, 500) == [500]


def test_what_has_become_normal_is_told_as_that() -> None:
    """The incident ends with it, and what rises above the new normal is another one."""
    _, changes = _live("ccsqqc")
    assert [change.step for change in changes] == [Step.CONFIRMED, Step.SHIFTED, Step.CONFIRMED]
    assert changes[1].incident.phase is Phase.RESOLVED
    assert changes[2].incident.id != changes[0].incident.id


def test_a_source_that_is_called_like_a_topic_has_incidents_of_its_own() -> None:
    """Their ids differ, though both begin in the same minute."""
    verdict = Verdict(START, 9, 1, 0, 5, 7.0, State.CONFIRMED)
    ids = {
        change.incident.id
        for subject in Subject
        for _, change in [advance(About("GitHub", subject), None, Sign(verdict), RULES)]
        if change is not None
    }
    assert len(ids) == len(Subject)
