"""Hand-made stretches of time in a journal: how many people complained in which minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import alerts
import settings
from signals import BUCKET, Collection, Judgement, Mention, Polarity, Post, Span, iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts import Channel
    from storage import Journal

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOPIC = "GitHub"
SOURCE = "hackernews"
MINUTE = BUCKET
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def quiet(at: datetime) -> int:
    """Return the complaints of an ordinary minute: one in each five."""
    return int(at.minute % 5 == 0)


def outage(start: datetime, end: datetime) -> Callable[[datetime], int]:
    """Return the complaints of a time in which six a minute come between two instants."""
    return lambda at: 6 if start <= at < end else quiet(at)


def hear(  # noqa: PLR0913 - a default for each but the stretch of time
    journal: Journal,
    start: datetime,
    end: datetime,
    complaints: Callable[[datetime], int] = quiet,
    *,
    topic: str = TOPIC,
    source: str = SOURCE,
    watched: bool = True,
) -> None:
    """Store what is said in ``[start, end)``; without ``watched`` it is a gap all the same."""
    mentions = []
    at = start
    while at < end:
        mentions += [_complaint(topic, source, at, number) for number in range(complaints(at))]
        at += MINUTE
    spans = (Span(start, end),) if watched else ()
    journal.declare([topic], source)
    journal.record(Collection(source, watched=spans, cursor=iso(end)), mentions, now=end)


def channels(url: str = "http://127.0.0.1:9/hook", *names: str) -> tuple[Channel, ...]:
    """Return a webhook for each name; ``ops`` alone if there is none."""
    tables = [{"kind": "webhook", "name": name, "url": url} for name in names or ("ops",)]
    return alerts.build(settings.Settings(channels=tuple(tables)))


def _complaint(topic: str, source: str, at: datetime, number: int) -> Mention:
    identity = f"{iso(at)}-{number}"
    post = Post(source, identity, f"{topic} is down, {number}", at, author=f"a{number}")
    return Mention(topic, post, Judgement(Polarity.NEGATIVE, -0.5, 0.5, 0.5, 0.0))
