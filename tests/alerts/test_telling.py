"""Which steps people are told of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts import Audience, Fate, fates
from signals import Change, Incident, Phase, State, Step, Verdict

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WORST = Verdict(NOON, 9, 1, 0, 5, 7.0, State.CONFIRMED)
PHASES = {
    Step.POSSIBLE: Phase.POSSIBLE,
    Step.RESOLVED: Phase.RESOLVED,
    Step.SHIFTED: Phase.RESOLVED,
}
ONES = {
    "p": Step.POSSIBLE,
    "c": Step.CONFIRMED,
    "o": Step.REOPENED,
    "m": Step.REMINDER,
    "f": Step.FLAPPING,
    "r": Step.RESOLVED,
}
UNAWARE = Audience()
AWARE = Audience(Phase.CONFIRMED)


def told(held: str, new: str, audience: Audience) -> str:
    """Return a letter for each change: told in upper case, dropped as a dot, held as it was."""
    changes = []
    for minute, letter in enumerate(held + new):
        step, time = ONES[letter], NOON + timedelta(minutes=minute)
        phase = PHASES.get(step, Phase.CONFIRMED)
        incident = Incident("i", "GitHub", phase, NOON, time, WORST)
        changes.append(Change(incident, time, "", step))
    decided = fates(changes[: len(held)], changes[len(held) :], audience)
    letters = zip(changes, held + new, strict=True)
    shown = {
        (fate, letter): text
        for letter in ONES
        for fate, text in ((Fate.TELL, letter.upper()), (Fate.HOLD, letter), (Fate.DROP, "."))
    }
    return "".join(shown[decided[change.id], letter] for change, letter in letters)


@pytest.mark.parametrize(
    ("held", "new", "audience", "expected"),
    [
        ("", "pcr", UNAWARE, "PCR"),
        ("", "rorof", AWARE, "ROROF"),
        ("", "pc", Audience(is_news=False), "pc"),
        ("", "pcr", Audience(is_news=False), "..."),
        ("", "r", Audience(Phase.CONFIRMED, is_news=False), "R"),
        ("pc", "", UNAWARE, ".C"),
        ("c", "r", UNAWARE, ".."),
        ("", "c", Audience(is_maintained=True), "c"),
        ("", "cr", Audience(is_maintained=True), ".."),
        ("", "r", Audience(Phase.CONFIRMED, is_maintained=True), "r"),
        ("r", "", AWARE, "R"),
        ("ro", "", AWARE, ".."),
        ("ro", "m", AWARE, "..M"),
        ("c", "m", UNAWARE, "C."),
        ("pcro", "", UNAWARE, "...O"),
        ("", "of", Audience(Phase.CONFIRMED, is_snoozed=True), ".."),
        ("", "or", Audience(Phase.CONFIRMED, is_snoozed=True), ".R"),
    ],
)
def test_fates(held: str, new: str, audience: Audience, expected: str) -> None:
    """News is told in order, history and maintenance wait, and what waited is told as one."""
    assert told(held, new, audience) == expected
