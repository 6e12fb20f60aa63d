"""The simulated source: repeatable, marked as simulated, and lively."""

from __future__ import annotations

import asyncio
import itertools
import statistics
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

import settings
from collectors.contract import Collector, Probe
from collectors.matching import Matcher
from collectors.phrases import TEXTS
from collectors.simulator import Simulator, SimulatorSource
from signals import Level, Query, Span, Topic

if TYPE_CHECKING:
    from signals import Collection, Post

NOW = datetime(2026, 11, 24, 13, 5, 17, 250_000, tzinfo=UTC)
TOPIC = Topic("Example (simulated)", Query(any_of=("ExampleCloud",)), mask=("ExampleCloud",))
ANALYSER = SentimentIntensityAnalyzer()


def simulator(**keys: object) -> Simulator:
    """Return a simulator with these settings."""
    table = settings.parse(SimulatorSource, keys, origin="hubbub.toml", where="sources[0]")
    return Simulator(table, object(), [TOPIC])


def collect(it: Simulator, cursor: str | None, now: datetime) -> list[Collection]:
    """Return all portions of one call."""

    async def drain() -> list[Collection]:
        return [portion async for portion in it.collect(cursor, now)]

    return asyncio.run(drain())


def posts(portions: list[Collection]) -> list[Post]:
    """Return the posts of all portions."""
    return [post for portion in portions for post in portion.posts]


def spans(portions: list[Collection]) -> list[Span]:
    """Return what was watched in all portions."""
    return [span for portion in portions for span in portion.watched]


def negative_share(heard: list[Post]) -> float:
    """Return which part of the posts stock VADER calls negative, the name masked."""
    texts = [post.text.replace("ExampleCloud", "it") for post in heard]
    negative = sum(ANALYSER.polarity_scores(text)["compound"] <= -0.05 for text in texts)
    return float(negative / len(texts))


def per_minute(heard: list[Post]) -> Counter[datetime]:
    """Return how many posts each minute has."""
    return Counter(Level.MINUTE.floor(post.time) for post in heard)


@pytest.fixture(scope="module")
def history() -> list[Collection]:
    """The first call with the settings as they come."""
    return collect(simulator(), None, NOW)


def test_it_keeps_the_contract() -> None:
    """It is a collector that can be probed, with the settings that were given."""
    it = simulator(interval="5s", topics=["Example (simulated)"])
    assert isinstance(it, Collector)
    assert isinstance(it, Probe)
    assert it.source == "simulator"
    assert it.interval == timedelta(seconds=5)
    assert it.topics == {"Example (simulated)"}
    assert "simulated" in asyncio.run(it.probe())


def test_the_first_call_tells_two_weeks_in_daily_portions(history: list[Collection]) -> None:
    """History comes a day at a time, without a hole, and ends in the present second."""
    watched = spans(history)
    assert len(history) == 15
    assert all(span.end - span.start <= timedelta(days=1) for span in watched)
    assert all(one.end == next_.start for one, next_ in itertools.pairwise(watched))
    assert watched[0].start == datetime(2026, 11, 10, 13, 5, tzinfo=UTC)
    assert watched[-1].end == NOW.replace(microsecond=0)
    for portion, span in zip(history, watched, strict=True):
        assert all(span.start <= post.time < span.end for post in portion.posts)


def test_ids_are_unique_and_times_ascend(history: list[Collection]) -> None:
    """No two posts share an id, and they come in the order of their times."""
    heard = posts(history)
    assert len({post.id for post in heard}) == len(heard)
    assert heard == sorted(heard, key=lambda post: post.time)


@hypothesis_settings(deadline=None)
@given(st.lists(st.integers(0, 3_600), max_size=6))
def test_it_does_not_matter_when_it_is_asked(seconds: list[int]) -> None:
    """However the calls and restarts fall, the same posts are heard, once each."""
    start = NOW - timedelta(hours=1)
    whole = collect(simulator(history="1h", rate=2), None, NOW)
    portions, cursor = [], None
    for at in [*sorted(seconds), 3_600]:
        for portion in collect(
            simulator(history="1h", rate=2), cursor, start + timedelta(seconds=at)
        ):
            portions.append(portion)
            cursor = portion.cursor
    begin = spans(whole)[0].start
    assert [post for post in posts(portions) if post.time >= begin] == posts(whole)
    watched = spans(portions)
    assert all(one.end == next_.start for one, next_ in itertools.pairwise(watched))


def test_another_seed_is_another_world() -> None:
    """The seed decides what is said."""
    one, other = (posts(collect(simulator(seed=seed, history="1h"), None, NOW)) for seed in (1, 2))
    assert one != other


def test_after_a_long_absence_it_goes_back_no_further_than_its_history() -> None:
    """The work after a long stop is bounded; what lies before remains a gap."""
    portions = collect(simulator(history="2h"), "2020-01-01T00:00:00Z", NOW)
    assert spans(portions)[0].start == datetime(2026, 11, 24, 11, 5, tzinfo=UTC)


def test_a_clock_that_was_set_back_hears_nothing() -> None:
    """A cursor in the future yields nothing, rather than a span that ends before it starts."""
    assert collect(simulator(), "2026-11-24T14:00:00Z", NOW) == []


def test_posts_are_marked_and_mention_the_sample_topic(history: list[Collection]) -> None:
    """Each post matches the topic of the sample configuration and shows that it is made up."""
    matcher = Matcher([TOPIC])
    for post in posts(history):
        assert matcher.match(post.text) == (TOPIC,)
        assert post.source == "simulator"
        assert post.author.startswith("simulated-")
        assert post.url == ""
        assert "{" not in post.text


def test_authors_repeat(history: list[Collection]) -> None:
    """There are many authors, and some post often."""
    authors = Counter(post.author for post in posts(history))
    assert len(authors) > 100
    assert max(authors.values()) > 5 * statistics.median(authors.values())


def test_texts_vary() -> None:
    """There are at least sixty things to say, each with the name in it."""
    texts = [text for mood in TEXTS.values() for text in mood]
    assert len(set(texts)) == len(texts) >= 60
    assert all("ExampleCloud" in text for text in texts)


def test_volume_has_a_rhythm_and_is_over_dispersed() -> None:
    """The mean is the rate; days are busier than nights; variance exceeds the mean."""
    heard = posts(collect(simulator(rate=5, outage_every="52w"), None, NOW))
    counts = per_minute(heard)
    assert len(heard) / (14 * 1_440) == pytest.approx(5, rel=0.05)
    hours = Counter(post.time.hour for post in heard)
    assert 3 < hours[15] / hours[3] < 5
    weekdays = Counter(post.time.weekday() for post in heard)
    assert weekdays[5] < 0.85 * weekdays[1]
    busiest = [counts[minute] for minute in counts if minute.hour == 15 and minute.weekday() < 4]
    assert statistics.variance(busiest) > 1.2 * statistics.mean(busiest)


def test_a_fifth_complains_on_normal_days() -> None:
    """Without an outage, about one post in five is negative."""
    heard = posts(collect(simulator(outage_every="52w"), None, NOW))
    assert negative_share(heard) == pytest.approx(0.2, abs=0.04)


@pytest.mark.parametrize("seed", range(4))
def test_an_outage_happened_within_the_last_eighteen_hours(seed: int) -> None:
    """Whenever it is started, there is a recent outage, loud and mostly negative."""
    now = NOW + timedelta(hours=5 * seed)
    heard = posts(collect(simulator(seed=seed, rate=5, history="6d"), None, now))
    counts = per_minute(heard)

    def quarter(start: datetime) -> int:
        return sum(counts[start + timedelta(minutes=at)] for at in range(15))

    def usual(start: datetime) -> float:
        return statistics.median(quarter(start - timedelta(days=day)) for day in range(1, 6))

    recent = [
        Level.MINUTE.floor(now) - timedelta(minutes=15 * back) for back in range(1, 4 * 18 + 1)
    ]
    worst = max(recent, key=lambda start: quarter(start) / max(1, usual(start)))
    assert quarter(worst) > 3.5 * usual(worst)
    end = worst + timedelta(minutes=15)
    assert negative_share([post for post in heard if worst <= post.time < end]) > 0.5


def test_an_outage_ends_with_relief(history: list[Collection]) -> None:
    """After an outage people say that it is back."""
    heard = posts(history)
    assert sum("is back" in post.text for post in heard) > 20


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"outage_every": "10m"}, r"sources\[0\]\.outage_every: must be 30m or longer"),
        ({"rate": 0}, r"sources\[0\]\.rate"),
        ({"sead": 3}, r"did you mean seed\?"),
    ],
)
def test_wrong_settings_are_explained(keys: dict[str, object], message: str) -> None:
    """Each wrong key is named with its remedy."""
    with pytest.raises(settings.SettingsError, match=message):
        simulator(**keys)
