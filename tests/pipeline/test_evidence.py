"""What stands behind an incident, put together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline import Explainer
from signals import (
    BUCKET,
    Collection,
    Event,
    Incident,
    Judgement,
    Mention,
    Phase,
    Polarity,
    Post,
    Query,
    Span,
    State,
    Subject,
    Topic,
    Verdict,
)
from storage import Journal
from tests.support.worlds import DAY, HOUR, MINUTE, NOON, SOURCE, TOPIC

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta
    from pathlib import Path

OPENED = NOON - HOUR
REMOTES = ("hung up", "no answer at all", "time out", "broken pipe", "permission was refused")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Return a journal of ten ordinary days, and of an hour in which pushes fail."""
    with Journal(tmp_path / "hubbub.db") as journal:
        journal.declare([TOPIC], SOURCE)
        usual = ("I like GitHub reviews", "merged on GitHub", "GitHub actions are slow")
        said: list[tuple[str, datetime, str | None]] = [
            (text, OPENED - HOUR * (1 + number * 3 + at), Polarity.NEGATIVE if at == 2 else None)
            for number in range(60)
            for at, text in enumerate(usual)
        ]
        said += [
            (f"GitHub push rejected, {REMOTES[number % 5]}", OPENED + number * MINUTE, "bad")
            for number in range(30)
        ]
        mentions = [_mention(f"{at}", *each) for at, each in enumerate(said)]
        journal.record(Collection(SOURCE), mentions, now=NOON)
        yield journal


def _mention(identity: str, text: str, time: datetime, polarity: str | None) -> Mention:
    post = Post(SOURCE, identity, text, time, author=f"a{identity}")
    if polarity is None:
        return Mention(TOPIC, post, Judgement(Polarity.NEUTRAL, 0.0, 0.0, 1.0, 0.0))
    judgement = Judgement(Polarity.NEGATIVE, -0.5, 0.5, 0.5, 0.0, availability=polarity == "bad")
    return Mention(TOPIC, post, judgement)


def verdict(time: datetime, state: State = State.CONFIRMED) -> Verdict:
    """Return what a detector says of a minute of the outage."""
    return Verdict(time, 1.0, 0.25, 0.0, 1.25, 6.0, state)


def incident(topic: str = TOPIC, phase: Phase = Phase.CONFIRMED) -> Incident:
    """Return the incident as it stands at noon."""
    return Incident(
        f"of {topic}", topic, phase, OPENED, OPENED + 2 * MINUTE, verdict(OPENED),
        last_seen=NOON - BUCKET,
    )  # fmt: skip


def test_the_numbers_are_those_of_the_window(journal: Journal) -> None:
    """They begin shortly before the incident; the share is compared with the weeks before."""
    found = Explainer(journal.path).explain(incident())
    assert (found.window.start, found.window.end) == (OPENED - 10 * MINUTE, NOON)
    assert (found.observed, found.total, found.authors, found.unavailable) == (30, 30, 30, 30)
    assert found.usual_share == pytest.approx(1 / 3, abs=0.01)
    assert found.chance == pytest.approx(1e-6)
    assert len(found.mentions) == 5
    assert all(each.text.startswith("GitHub push rejected") for each in found.mentions)


def test_the_band_is_added_up_from_stored_and_fresh_verdicts(journal: Journal) -> None:
    """A message is made before the verdicts of its look are stored."""
    journal.incidents.record(TOPIC, "{}", NOON, verdicts=[verdict(OPENED)], now=NOON)
    explainer = Explainer(journal.path)
    alone = explainer.explain(incident())
    assert (alone.expected, alone.low, alone.high) == (0.25, 0.0, 1.25)
    fresh = [verdict(OPENED + at * MINUTE) for at in range(4)] + [verdict(NOON + HOUR)]
    found = explainer.explain(incident(), NOON, fresh)
    assert (found.expected, found.low, found.high) == (1.0, 0.5, 3.0)


def test_what_is_not_known_is_left_open(tmp_path: Path) -> None:
    """No share without a past, no chance without a score, no band without a verdict."""
    with Journal(tmp_path / "hubbub.db") as journal:
        journal.declare([TOPIC], SOURCE)
    unsure = replace(incident(), worst=replace(verdict(OPENED), score=0.0))
    found = Explainer(tmp_path / "hubbub.db").explain(unsure)
    assert (found.usual_share, found.chance, found.high, found.words) == (None, None, 0.0, ())


def test_words_tell_what_is_wrong_without_the_terms_of_the_topic(journal: Journal) -> None:
    """Neither what is said every day, nor what was searched for."""
    bare = Explainer(journal.path).explain(incident()).words
    assert any("push" in word for word in bare)
    assert not any("github" in word.split() for word in bare)
    topic = Topic(TOPIC, Query(any_of=("push", "rejected")))
    found = Explainer(journal.path, [topic]).explain(incident()).words
    assert found
    assert not {"push", "rejected"} & {part for word in found for part in word.split()}


def test_what_else_happens_is_told(journal: Journal) -> None:
    """Other topics in trouble, deploys shortly before, the status page's latest word."""
    others = [
        incident("GitLab"),
        replace(incident("Bitbucket"), worst=verdict(OPENED, State.POSSIBLE)),
        incident("npm", Phase.RESOLVED),
    ]
    journal.incidents.record(TOPIC, "{}", NOON, incidents=[incident(), *others], now=NOON)
    events = [
        Event("1", "deploy", "long ago", OPENED - DAY, TOPIC),
        Event("2", "deploy", "api v2", OPENED - 2 * HOUR, TOPIC),
        Event("3", "release", "3.0", OPENED - HOUR),
        Event("4", "deploy", "of another one", OPENED - HOUR, "GitLab"),
        Event("5", "deploy", "much later", OPENED + 30 * MINUTE, TOPIC),
        Event("6", "status", "Investigating", OPENED + 20 * MINUTE, TOPIC),
        Event("7", "status", "Old trouble", OPENED - DAY, TOPIC, end=OPENED - 9 * HOUR),
    ]
    for event in events:
        journal.record_event(event)
    found = Explainer(journal.path).explain(incident())
    assert found.troubled == ("GitLab",)
    assert [event.title for event in found.events] == ["3.0", "api v2"]
    assert found.official is not None
    assert found.official.title == "Investigating"
    early = Explainer(journal.path).explain(incident(), OPENED + 5 * MINUTE)
    assert early.official is None


def test_of_a_long_incident_some_hours_tell(journal: Journal) -> None:
    """The latest while it lasts, the worst once it is over: a message must not take for ever."""
    explainer, until = Explainer(journal.path), NOON + 19 * HOUR
    assert explainer.explain(incident(), until).window == Span(until - 6 * HOUR, until)

    def over(worst: timedelta) -> Span:
        ended = replace(incident(phase=Phase.RESOLVED), worst=verdict(OPENED + worst))
        return explainer.explain(ended, until).window

    start = OPENED - 10 * MINUTE
    assert over(HOUR) == Span(start, start + 6 * HOUR)
    assert over(10 * HOUR) == Span(OPENED + 7 * HOUR, OPENED + 13 * HOUR)
    assert over(20 * HOUR) == Span(until - 6 * HOUR, until)


def test_a_source_that_is_silent_has_no_posts(journal: Journal) -> None:
    """What concerns no topic has nothing behind it but its reason."""
    silent = replace(incident(SOURCE), subject=Subject.SOURCE)
    found = Explainer(journal.path).explain(silent)
    assert (found.mentions, found.total, found.words, found.chance) == ((), 0, (), None)
