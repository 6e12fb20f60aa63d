"""From posts to mentions in the journal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

import collectors
import sentiment
import settings
from pipeline import Pipeline, SpikeWatch
from signals import Collection, Level, Phase, Polarity, Post, Query, Topic
from storage import Journal, Reader, Stored
from tests.support.worlds import DAY, HOUR, NOON, channels

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

GITHUB = Topic("GitHub", Query(any_of=("github",)), mask=("GitHub",))
MINT = Topic("Linux Mint", Query(any_of=("linux mint",)), mask=("Linux Mint",))
SIMULATED = Topic("Example", Query(any_of=("ExampleCloud",)))


def post(text: str, identity: str = "1", time: datetime = NOON - HOUR) -> Post:
    """Return a post of Hacker News."""
    return Post("hackernews", identity, text, time, author="jane")


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """Return a pipeline for two topics."""
    return Pipeline([GITHUB, MINT], sentiment.create())


def simulated(now: datetime, cursor: str | None = None, **keys: object) -> list[Collection]:
    """Return what the simulator says until ``now``."""
    configuration = settings.Settings.model_validate(
        {"sources": [{"kind": "simulator", "history": "2d", "rate": 2.0, **keys}]}
    )
    client = collectors.Client("operator@example.org")
    (simulator,) = collectors.build(configuration, client, [SIMULATED])

    async def drain() -> list[Collection]:
        return [portion async for portion in simulator.collect(cursor, now)]

    return asyncio.run(drain())


def test_a_post_is_a_mention_of_each_topic_that_it_matches(pipeline: Pipeline) -> None:
    """One post can tell of two topics, and one that tells of none is not kept."""
    posts = [post("GitHub is great on Linux Mint"), post("nothing of interest", "2")]
    found = pipeline.mentions(posts, now=NOON)
    assert [mention.topic for mention in found] == ["GitHub", "Linux Mint"]
    assert {mention.post.id for mention in found} == {"1"}
    assert pipeline.mentions(posts, now=NOON, among=frozenset({"GitHub"})) == found[:1]
    assert pipeline.mentions(posts, now=NOON, among=frozenset()) == found


def test_the_topics_own_name_does_not_count(pipeline: Pipeline) -> None:
    """A masked name is no praise: the same words about another name are judged alike."""
    (good,) = pipeline.mentions([post("I love GitHub")], now=NOON)
    (bad,) = pipeline.mentions([post("GitHub is horrible, I hate it")], now=NOON)
    assert good.judgement.polarity is Polarity.POSITIVE
    assert bad.judgement.polarity is Polarity.NEGATIVE


@pytest.mark.parametrize(
    "time", [NOON + timedelta(days=400), NOON.replace(year=1970), NOON + timedelta(seconds=1)]
)
def test_a_clock_that_is_wrong_is_not_believed(pipeline: Pipeline, time: datetime) -> None:
    """A post from the future, or older than the web, is dated to the present."""
    (mention,) = pipeline.mentions([post("GitHub", time=time)], now=NOON)
    assert mention.post.time == NOON


def test_what_matches_nothing_is_judged_if_it_is_asked_for(pipeline: Pipeline) -> None:
    """An archive names its topics itself."""
    mention = pipeline.judge(post("thanks, great flight"), replace(GITHUB, name="KLM"), now=NOON)
    assert mention.topic == "KLM"
    assert mention.judgement.polarity is Polarity.POSITIVE


def test_the_simulated_days_are_counted_once(tmp_path: Path) -> None:
    """All posts are stored, the roll-ups agree, and a repetition adds nothing."""
    pipeline = Pipeline([SIMULATED], sentiment.create())
    portions = simulated(NOON)
    posts = sum(len(portion.posts) for portion in portions)
    with Journal(tmp_path / "hubbub.db") as journal:
        stored = [pipeline.store(portion, journal, now=NOON) for portion in portions]
        assert sum(each.new for each in stored) == posts > 2_000
        again = [pipeline.store(portion, journal, now=NOON) for portion in portions]
        assert again == [Stored(known=each.new) for each in stored]
        assert simulated(NOON, journal.cursor("simulator")) == []
    reader = Reader(tmp_path / "hubbub.db")
    for level in Level:
        volumes = reader.volumes("Example", NOON - 4 * DAY, NOON, level)
        assert sum(volume.total for volume in volumes) == posts


def test_the_simulated_outages_become_incidents(tmp_path: Path) -> None:
    """An outage is confirmed from posts alone, and the same in one look and in many."""
    found = []
    for name, step in (("one look", 2 * DAY), ("many looks", timedelta(minutes=97))):
        pipeline = Pipeline([SIMULATED], sentiment.create())
        with Journal(tmp_path / name) as journal:
            for portion in simulated(NOON):
                pipeline.store(portion, journal, now=NOON)
            now = NOON - 2 * DAY
            while now < NOON:
                now = min(now + step, NOON)
                reader = Reader(journal.path)
                watch = SpikeWatch(settings.Detection(), journal, reader, channels(), "")
                watch.look("Example", now)
        reader = Reader(tmp_path / name)
        found.append([(i.id, i.phase, i.worst, i.last_seen) for i in reader.incidents()])
    assert found[0] == found[1]
    assert Phase.RESOLVED in {phase for _, phase, *_ in found[0]}


def test_copies_are_known_after_a_restart(tmp_path: Path) -> None:
    """What an earlier run has stored can be copied; an author is known by the hash alone."""
    long = "GitHub has been down for our whole team since this morning and nobody answers us"
    first = [post(long), post("github down", "2")]
    again = [post(long, "3"), post("GitHub down!", "4"), post("GitHub is fine", "5")]
    with Journal(tmp_path / "hubbub.db") as journal:
        for posts in (first, again):
            pipeline = Pipeline([GITHUB], sentiment.create())
            pipeline.recall(Reader(journal.path), NOON)
            pipeline.store(Collection("hackernews", tuple(posts)), journal, now=NOON)
        found = Reader(journal.path).mentions("GitHub", NOON - DAY, NOON)
    assert {each.id for each in found if each.copy} == {"3", "4"}
