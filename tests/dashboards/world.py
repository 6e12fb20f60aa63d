"""Two weeks as they might be: topics by day and night, two incidents, a gap, a sick source."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import cos, exp, pi

import signals
from signals import BUCKET, Phase
from tests.dashboards.journal import Journal, incident, post, this_minute, verdict

LIVELY = "GitHub"
ODD = 'a/b? "Ärger" & <b>C++</b> 🐧'
ARCHIVE = "Airlines 2015"
WAITING = "Nobody yet"

_COMPLAINTS = (
    "Is {} down for anyone else? Every push fails with a 500 since ten minutes.",
    "Great, {} is broken again and the status page is all green. Third time this month.",
    "Cannot log in to {}, the page just hangs. Our whole release is stuck.",
    "{} actions queued forever, webhooks are not delivered. Awful morning.",
    "Getting 502 from {} in Frankfurt. Terrible timing, demo in an hour.",
    "Why is {} so slow today? Pages take half a minute to load and then fail.",
)
_PRAISE = (
    "The new review page of {} is lovely, finally a diff that I can read.",
    "Thanks to the {} folks for the quick fix, great support.",
    "Switched our team to {} last week and it just works. Happy.",
)
_CHATTER = ("Moved our docs to {} pages.", "Anybody using {} runners on arm64?")


@dataclass(frozen=True)
class _Habit:
    """How much is said of a topic.

    Attributes:
        volume: Mentions in a minute, on average.
        negative: Share of complaints in quiet times.
        positive: Share of praise.
    """

    volume: float
    negative: float = 0.3
    positive: float = 0.3


def build() -> Journal:
    """Return the journal of the last two weeks."""
    journal = Journal()
    now = this_minute()
    start = now - timedelta(days=14)
    gap = signals.Span(now - timedelta(hours=11), now - timedelta(hours=8, minutes=20))
    storms = [
        (LIVELY, now - timedelta(days=5, hours=3), timedelta(minutes=95)),
        (LIVELY, now - timedelta(minutes=26), None),
    ]
    habits = {
        LIVELY: _Habit(4.0),
        "Fedora": _Habit(0.5, 0.2, 0.5),
        ODD: _Habit(0.8),
        "Example (simulated)": _Habit(1.5),
    }
    for name, habit in habits.items():
        until = now - timedelta(hours=3) if name == "Fedora" else now
        own = [(at, length) for topic, at, length in storms if topic == name]
        _listen(journal, name, habit, known=signals.Span(start, until), gap=gap, storms=own)
    _archive(journal)
    journal.minutes[WAITING] = []
    for topic, at, length in storms:
        worst = max(
            (v for v in journal.judged[topic] if at <= v.time < at + timedelta(hours=2)),
            key=lambda one: one.score,
        )
        journal.spikes.append(incident(topic, at, length, worst=worst))
    doubtful = verdict(now - timedelta(minutes=9), 4, 0.4)
    journal.spikes.append(incident(ODD, now - timedelta(minutes=9), None, Phase.POSSIBLE, doubtful))
    journal.happenings += [
        signals.Event(
            id="r1",
            kind="deploy",
            title="v4.12.0 to production",
            time=now - timedelta(minutes=41),
            url="https://ci.example.org/4120",
        ),
        signals.Event(
            id="s1",
            kind="status",
            title="Degraded performance of Actions <b>investigating</b>",
            time=now - timedelta(minutes=4),
            topic=LIVELY,
        ),
    ]
    journal.health += [
        signals.SourceHealth("hackernews", True, "", "ok", now, now, 14, 31.0),  # noqa: FBT003 - ok
        signals.SourceHealth(
            source="mastodon:fosstodon.org",
            ok=False,
            reason="It asks for a login (401) since its operators closed the hashtag timelines; "
            "set a token for it.",
            kind="unauthorised",
            tried=now,
            heard=now - timedelta(hours=3, minutes=7),
            items=3,
            lag=40.0,
        ),
        signals.SourceHealth("simulator", True, "", "ok", now, now, 2, 1.0),  # noqa: FBT003 - ok
    ]
    gap = signals.Span(now - timedelta(hours=9), now - timedelta(hours=7, minutes=40))
    journal.missed["mastodon:fosstodon.org"] = [gap]
    journal.outbox = signals.DeliveryHealth(12, 0, now - timedelta(minutes=1), "")
    return journal


def _listen(  # noqa: PLR0913 - test data in one place
    journal: Journal,
    name: str,
    habit: _Habit,
    *,
    known: signals.Span,
    gap: signals.Span,
    storms: list[tuple[datetime, timedelta | None]],
) -> None:
    dice = random.Random(name)
    minutes = journal.minutes.setdefault(name, [])
    judged = journal.judged.setdefault(name, [])
    at = known.start
    while at < known.end:
        if gap.start <= at < gap.end:
            at += BUCKET
            continue
        hour = at.hour + at.minute / 60
        day = habit.volume * (1 - 0.75 * cos(2 * pi * (hour - 3) / 24))
        storm = sum(_storm(at, opened, length) for opened, length in storms)
        counts = (
            _poisson(dice, day * habit.negative + storm),
            _poisson(dice, day * habit.positive),
            _poisson(dice, day * (1 - habit.negative - habit.positive) + storm / 4),
        )
        negative, positive, neutral = counts
        minutes.append(
            signals.Volume(at, positive, negative, neutral, sum(counts), 0.0, coverage=1.0)
        )
        judged.append(verdict(at, negative, day * habit.negative))
        if at > known.end - timedelta(days=1):
            _speak(journal, dice, name, at, counts)
        at += BUCKET


def _storm(at: datetime, opened: datetime, length: timedelta | None) -> float:
    if at < opened or (length and at > opened + length + timedelta(minutes=20)):
        return 0.0
    since = (at - opened) / BUCKET
    fading = max(0.0, since - length / BUCKET) if length else 0.0
    return 24 * (1 - exp(-since / 6)) * exp(-fading / 8)


def _speak(
    journal: Journal, dice: random.Random, name: str, at: datetime, counts: tuple[int, int, int]
) -> None:
    kinds = ((_COMPLAINTS, -1), (_PRAISE, 1), (_CHATTER, 0))
    for (texts, sign), count in zip(kinds, counts, strict=True):
        for _ in range(count):
            text = dice.choice(texts).format(name)
            journal.posts.append(
                post(
                    name,
                    at + timedelta(seconds=dice.randrange(60)),
                    text,
                    round(sign * dice.uniform(0.2, 0.92), 4),
                    url=f"https://news.example.org/item?id={dice.randrange(10**8)}",
                    source=dice.choice(("hackernews", "mastodon:fosstodon.org")),
                    availability="down" in text or "50" in text,
                )
            )


def _archive(journal: Journal) -> None:
    dice = random.Random(2015)
    minutes = journal.minutes.setdefault(ARCHIVE, [])
    start = datetime(2015, 2, 17, tzinfo=UTC)
    for number in range(8 * 1440):
        at = start + number * BUCKET
        rush = 4 if at.day in {22, 23} else 1
        minutes.append(
            signals.Volume(at, _poisson(dice, 0.1), _poisson(dice, 0.3 * rush), 0, 0, 0.0, 1.0)
        )


def _poisson(dice: random.Random, mean: float) -> int:
    """Return a Poisson count (Knuth, The Art of Computer Programming 2, section 3.4.1)."""
    limit, product, count = exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count
