"""An invented incident, for ``hubbub alert test`` and for the documentation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from signals import (
    BUCKET,
    Change,
    Event,
    Evidence,
    Incident,
    Level,
    Phase,
    Polarity,
    Span,
    State,
    Step,
    StoredMention,
    Verdict,
)

if TYPE_CHECKING:
    from datetime import datetime

TEST_ID = "test"
"""The id of the incident that is a test; real ids begin with a date."""


def is_test(change: Change) -> bool:
    """Say whether the change belongs to the invented incident."""
    return change.incident.id == TEST_ID


def example(now: datetime) -> tuple[Change, Evidence]:
    """Return a change and its evidence, marked as a test.

    Args:
        now: The present, to the second part of the change's identity: each test is sent.
    """
    minute = Level.MINUTE.floor(now)
    verdict = Verdict(
        time=minute,
        observed=7.0,
        expected=0.9,
        low=0.0,
        high=5.2,
        score=9.3,
        state=State.CONFIRMED,
    )
    incident = Incident(
        id=TEST_ID,
        topic="Example",
        phase=Phase.CONFIRMED,
        opened=minute - timedelta(minutes=4),
        changed=minute,
        worst=verdict,
        last_seen=minute,
    )
    change = Change(
        incident=incident, time=now, reason="a test, asked for by the operator", step=Step.CONFIRMED
    )
    mentions = (
        _mention("1", minute, "Example is down again, nothing loads", -0.61),
        _mention("2", minute - BUCKET, "Anybody else locked out of Example?", -0.32),
    )
    return change, Evidence(
        mentions=mentions,
        observed=38,
        total=61,
        authors=44,
        window=Span(minute - 9 * BUCKET, minute + BUCKET),
        expected=9.0,
        low=3.0,
        high=17.0,
        chance=2e-6,
        usual_share=0.12,
        unavailable=27,
        copies=12,
        words=("down", "locked out", "503"),
        troubled=("Another example",),
        events=(_event("deploy", "api v2.31", minute - 25 * BUCKET),),
        official=_event("status", "Investigating elevated errors", minute - 2 * BUCKET),
    )


def _event(kind: str, title: str, time: datetime) -> Event:
    url = f"https://example.org/{kind}"
    return Event(id=kind, kind=kind, title=title, time=time, topic="Example", url=url)


def _mention(identity: str, time: datetime, text: str, compound: float) -> StoredMention:
    return StoredMention(
        topic="Example",
        source="example",
        id=identity,
        time=time,
        text=text,
        url=f"https://example.org/posts/{identity}",
        author="",
        polarity=Polarity.NEGATIVE,
        compound=compound,
        availability=True,
        scorer="example",
    )
