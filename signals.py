"""The vocabulary of hubbub as frozen value objects; no I/O, and no import of ours.

Every instant is an aware ``datetime`` in UTC. A *bucket* is one minute of UTC and is named by its
start; hours and days are roll-ups of it. The words are those of ``docs/words.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum

BUCKET = timedelta(minutes=1)


class Polarity(StrEnum):
    """What a mention says of its topic: a complaint, praise, or neither.

    ``UNSCORED`` is no verdict: the engine cannot read the text's language. Such a mention counts in
    the total, but not as neutral.
    """

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    UNSCORED = "unscored"


class Level(IntEnum):
    """The width of a bucket, in seconds."""

    MINUTE = 60
    HOUR = 3_600
    DAY = 86_400

    def floor(self, instant: datetime) -> datetime:
        """Return the start of the bucket of this width that holds ``instant``."""
        return from_seconds(seconds(instant) // self * self)


class State(IntEnum):
    """How sure the detector is that a bucket belongs to a spike."""

    QUIET = 0
    POSSIBLE = 1
    CONFIRMED = 2


class Phase(StrEnum):
    """Where an incident stands in its life."""

    POSSIBLE = "possible"
    CONFIRMED = "confirmed"
    RESOLVED = "resolved"


class Subject(StrEnum):
    """What an incident is about."""

    TOPIC = "topic"
    SOURCE = "source"
    DELIVERY = "delivery"


class Severity(StrEnum):
    """How much an incident matters; channels choose by it."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def weight(self) -> int:
        """Return a number that is larger for what matters more."""
        return list(Severity).index(self)


class Step(StrEnum):
    """What happened in an incident's life. The first three are also its phases."""

    POSSIBLE = "possible"
    CONFIRMED = "confirmed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    REMINDER = "reminder"
    FLAPPING = "flapping"
    SHIFTED = "shifted"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"


@dataclass(frozen=True, slots=True)
class Query:
    """Which texts speak of a topic.

    Attributes:
        any_of: At least one of these terms must occur (ignored when empty).
        all_of: Each of these terms must occur.
        none_of: None of these terms may occur.
    """

    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """Something watched.

    Attributes:
        name: What the user calls it; unique.
        query: Which texts mention it.
        mask: Names blanked before scoring, since "United" or "Mint" are words of praise to a
            sentiment lexicon.
    """

    name: str
    query: Query = field(default_factory=Query)
    mask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """One public post as its source gave it, before anything is matched.

    Attributes:
        source: Where it was heard, e.g. ``hackernews`` or ``mastodon:fosstodon.org``.
        id: Stable identity within the source; (source, id) is the identity of a mention.
        text: Plain text, without markup.
        time: When it was posted (event time).
        author: As the source names them; only a keyed hash of it is ever stored. Empty if unknown.
        url: Where a person can read it. Empty if unknown.
        language: ISO 639-1 code if the source states one.
        revised: When its author last changed it, if the source says so; a later revision replaces
            the text that is stored.
    """

    source: str
    id: str
    text: str
    time: datetime
    author: str = ""
    url: str = ""
    language: str | None = None
    revised: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One word or rule that moved a score.

    Attributes:
        word: The word as it stands in the text.
        start: Its first character's place in the text.
        end: One past its last character.
        weight: By how much it moved the sum of valences, before normalisation.
        rule: What was applied, e.g. ``lexicon``.
    """

    word: str
    start: int
    end: int
    weight: float
    rule: str = "lexicon"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the sentiment stage says of one text about one topic.

    Attributes:
        polarity: The verdict.
        compound: Its strength in [-1, 1], rounded to four decimals, so that sums are exact.
        negative: Share of the text that is negative, in [0, 1].
        neutral: Share that is neutral.
        positive: Share that is positive.
        availability: Whether it complains that the topic does not work or cannot be reached.
        reasons: The words and rules that moved the score, in the order of the text.
        scorer: Which engine and version judged, e.g. ``vader-3.3.2``.
    """

    polarity: Polarity
    compound: float
    negative: float
    neutral: float
    positive: float
    availability: bool = False
    reasons: tuple[Reason, ...] = ()
    scorer: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A post that matches a topic, judged.

    Attributes:
        topic: The topic's name.
        post: What was said.
        judgement: What is made of it.
        copy: Whether it repeats what was said of the topic shortly before: a repost, a copied text.
    """

    topic: str
    post: Post
    judgement: Judgement
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of time, ``[start, end)``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse a span that ends before it starts."""
        if self.end < self.start:
            raise ValueError(f"a span cannot end ({self.end}) before it starts ({self.start})")


@dataclass(frozen=True, slots=True)
class Reading:
    """One popularity figure of a distro.

    Attributes:
        distro: The slug that identifies it, e.g. ``mint``.
        name: What it is called, e.g. ``Linux Mint``.
        source: Who published the figure, e.g. ``distrowatch``.
        span: The period averaged over: ``12m``, ``6m``, ``3m``, ``1m``, ``1w`` or a year, ``2014``.
        day: The UTC day it was published for.
        rank: Place, 1 is first.
        hits: Page hits per day (HPD), averaged over the span; None if only the rank is known.
    """

    distro: str
    name: str
    source: str
    span: str
    day: datetime
    rank: int
    hits: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that explains a curve: a deploy, a release, an official status incident.

    Attributes:
        id: Stable identity within its kind.
        kind: ``deploy``, ``release``, ``status``, ...
        title: One line.
        time: When it happened or began.
        topic: The topic it belongs to; empty for all of them.
        text: More than the title, if there is more.
        url: Where to read on.
        end: When it ended, if it has.
    """

    id: str
    kind: str
    title: str
    time: datetime
    topic: str = ""
    text: str = ""
    url: str = ""
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """What one collector yields at a time; stored whole or not at all.

    Attributes:
        source: The source it comes from.
        posts: Posts heard, matched or not.
        withdrawn: Identities of posts that their authors, or the source, took back.
        readings: Popularity figures.
        events: Events.
        watched: Which stretches of time the source was really listened to (its coverage).
        cursor: Where to resume, opaque to everybody but the collector; commits with the rows.
    """

    source: str
    posts: tuple[Post, ...] = ()
    withdrawn: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    events: tuple[Event, ...] = ()
    watched: tuple[Span, ...] = ()
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Volume:
    """Mentions in one bucket, by polarity.

    Attributes:
        start: The bucket's start.
        positive: Mentions that praise.
        negative: Mentions that complain.
        neutral: Mentions that do neither.
        unscored: Mentions in a language that was not judged.
        copies: How many of all these repeat what was said shortly before.
        authors: Distinct authors.
        score_sum: Sum of the compound scores.
        coverage: Which part of the bucket was really watched, in [0, 1]; 0 is a gap, not a zero.
    """

    start: datetime
    positive: int = 0
    negative: int = 0
    neutral: int = 0
    authors: int = 0
    score_sum: float = 0.0
    coverage: float = 0.0
    unscored: int = 0
    copies: int = 0

    @property
    def total(self) -> int:
        """All mentions."""
        return self.positive + self.negative + self.neutral + self.unscored


@dataclass(frozen=True, slots=True)
class Observation:
    """What the detector sees of one closed bucket of one topic, over all its sources.

    Attributes:
        time: The bucket's start.
        total: Mentions heard, copies aside.
        negative: Those that complain, copies aside.
        authors: Distinct authors.
        coverage: Which part of the usual listening really took place, in [0, 1]; 0 is a gap.
    """

    time: datetime
    total: int
    negative: int
    authors: int
    coverage: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the detector says of one bucket of one topic.

    Attributes:
        time: The bucket's start.
        observed: Mentions counted (the negative ones, or all of them).
        expected: The baseline: what the learned past leads one to expect.
        low: Lower edge of the expected band.
        high: Upper edge of the expected band.
        score: Evidence for a spike; its unit is the detector's own, more is surer.
        state: The decision.
    """

    time: datetime
    observed: float
    expected: float
    low: float
    high: float
    score: float
    state: State


@dataclass(frozen=True, slots=True)
class Incident:
    """A spike's life, as it stands.

    Attributes:
        id: Stable identity, made of topic and start.
        topic: The topic in trouble.
        phase: Where it stands.
        opened: The first bucket that looked wrong.
        changed: The bucket of the latest change of phase.
        worst: The verdict with the highest score so far.
        reopened: How often it came back within the reopening time.
        last_seen: The latest bucket that still looked wrong.
        subject: What it is about; ``topic`` is then the topic's name, the source's, or empty.
        severity: How much it matters.
    """

    id: str
    topic: str
    phase: Phase
    opened: datetime
    changed: datetime
    worst: Verdict
    reopened: int = 0
    last_seen: datetime | None = None
    subject: Subject = Subject.TOPIC
    severity: Severity = Severity.CRITICAL


@dataclass(frozen=True, slots=True)
class Change:
    """One immutable step in an incident's life.

    Attributes:
        incident: The incident as it stands after the change.
        time: The bucket at which it changed.
        reason: One sentence that says why.
        step: What happened.
        url: Where a person can see more; empty if there is no page.
    """

    incident: Incident
    time: datetime
    reason: str
    step: Step
    url: str = ""

    @property
    def id(self) -> str:
        """Stable identity: the same change is never recorded or announced twice."""
        return f"{self.incident.id}:{seconds(self.time)}:{self.step}"


@dataclass(frozen=True, slots=True)
class StoredMention:
    """A mention as the journal keeps it.

    Attributes:
        topic: The topic it is about.
        source: Where it was heard.
        id: Its identity within the source.
        time: When it was posted.
        text: What it says; empty once the retention time for texts has passed.
        url: Where a person can read it; empty if unknown.
        author: The author's keyed hash, in hexadecimal; empty if unknown.
        polarity: The verdict.
        compound: Its strength in [-1, 1].
        availability: Whether it complains that the topic does not work.
        scorer: Which engine judged.
        copy: Whether it repeats what was said of the topic shortly before.
    """

    topic: str
    source: str
    id: str
    time: datetime
    text: str
    url: str
    author: str
    polarity: Polarity
    compound: float
    availability: bool
    scorer: str
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a notification shows beside the numbers.

    Attributes:
        mentions: The most telling complaints, the worst first, copies collapsed.
        observed: Complaints in the window.
        total: Mentions in the window.
        authors: Distinct authors in the window.
        window: The stretch of time that these count.
        expected: Complaints that the baseline leads to expect in the window.
        low: Lower edge of the band of what is usual in the window.
        high: Upper edge of that band.
        chance: How likely an ordinary time looks as bad as the worst moment, in [0, 1]; None if the
            detector cannot say.
        usual_share: Which part of the topic's mentions usually complains; None if unknown.
        unavailable: How many of the complaints say that it does not work or cannot be reached.
        copies: How many of the mentions repeat another one; they are not in the numbers above.
        words: What sets the window apart from the topic's normal days, the most telling first.
        troubled: Other topics that are in an incident now.
        events: Deploys and releases shortly before, the latest first.
        official: The latest word of the official status page since shortly before, if there is one.
    """

    mentions: tuple[StoredMention, ...]
    observed: int
    total: int
    authors: int
    window: Span
    expected: float = 0.0
    low: float = 0.0
    high: float = 0.0
    chance: float | None = None
    usual_share: float | None = None
    unavailable: int = 0
    copies: int = 0
    words: tuple[str, ...] = ()
    troubled: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    official: Event | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one channel about one change, as it will be sent, however often.

    Attributes:
        id: Stable over all attempts, made of change and channel; receivers de-duplicate by it.
        channel: The channel's name.
        body: The rendered payload.
        attempts: How often it was tried.
        incident: The incident it tells of, whose messages arrive in order; empty if none.
        digest: How long it may wait for others to its channel, to be sent with them as one; None
            if it goes at once.
        batch: What it is sent as one with; empty if it goes alone.
    """

    id: str
    channel: str
    body: str
    attempts: int = 0
    incident: str = ""
    digest: timedelta | None = None
    batch: str = ""


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source is.

    Attributes:
        source: Its name.
        ok: Whether the latest attempt to listen succeeded.
        reason: Why not, in one sentence; empty while well.
        kind: One word for it: ``ok``, ``unreachable``, ``limited``, ``blocked``, ...
        tried: The latest attempt.
        heard: The latest success; None if there was none yet.
        items: Posts or readings in the latest success.
        lag: Seconds between the end of what was listened to and the present, at that success.
    """

    source: str
    ok: bool
    reason: str
    kind: str
    tried: datetime
    heard: datetime | None
    items: int
    lag: float


@dataclass(frozen=True, slots=True)
class DeliveryHealth:
    """How the delivery to InfluxDB is.

    Attributes:
        pending: Points that wait in the outbox.
        refused: Points that InfluxDB refused, set aside with their reasons.
        delivered: When the latest points were stored; None if never.
        problem: Why nothing is delivered at the moment; empty while well.
    """

    pending: int
    refused: int
    delivered: datetime | None
    problem: str


def seconds(instant: datetime) -> int:
    """Return whole seconds since 1970, rounded down.

    Raises:
        ValueError: ``instant`` has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone; hubbub keeps UTC-aware times only")
    return int(instant.timestamp() // 1)


def from_seconds(value: float) -> datetime:
    """Return the instant that lies ``value`` seconds after 1970, in UTC."""
    return datetime.fromtimestamp(value, UTC)


def iso(instant: datetime) -> str:
    """Return ``instant`` as ``2026-11-24T13:05:00Z``, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
