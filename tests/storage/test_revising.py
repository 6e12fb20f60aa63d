"""Edits and withdrawals: what stands is what counts, whatever is repeated or out of order."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settings import Store
from signals import Collection, Mention, Polarity, Post, Span, from_seconds
from storage import EvidenceReader, Journal, Outbox, Reader
from storage.database import reading
from tests.support.line import read_line
from tests.support.mentions import (
    NOON,
    SOURCE,
    START,
    TOPIC,
    buckets,
    count_mentions,
    count_stored,
    heard,
    mention,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from signals import StoredMention
    from tests.support.mentions import Bucket, Sums

FEDORA = "Fedora"
LATER = NOON + timedelta(days=3)
MINUTE, DAY = 60, 86_400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the journal is."""
    return tmp_path / "hubbub.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """Return an empty journal."""
    with Journal(path) as journal:
        yield journal


def _hear(
    journal: Journal, *mentions: Mention, posts: Sequence[Post] = (), withdrawn: Sequence[str] = ()
) -> int:
    """Record mentions as a pipeline would, with their posts; return how many are new."""
    posts = (*posts, *(each.post for each in mentions))
    collection = Collection(SOURCE, posts=posts, withdrawn=tuple(withdrawn))
    return journal.record(collection, mentions, now=LATER).new


def _stored(path: Path, topic: str = TOPIC) -> list[StoredMention]:
    return Reader(path).mentions(topic, from_seconds(0), LATER + timedelta(days=9), limit=10_000)


def _day(path: Path, topic: str = TOPIC, source: str = SOURCE) -> Sums | None:
    return buckets(path).get((DAY, topic, source, START // DAY * DAY))


def test_an_edit_replaces_what_was_said_of_it(journal: Journal, path: Path) -> None:
    """Text, address and judgement are those of the edit; time and author stay."""
    _hear(journal, mention("1", author="ann", text="it is down", availability=True))
    (before,) = _stored(path)
    edit = mention(
        "1", START + 900, 0.5, text="it is up", url="https://example.org", revised=START + 900
    )
    assert _hear(journal, edit) == 0
    (after,) = _stored(path)
    assert (after.text, after.url) == ("it is up", "https://example.org")
    assert (after.polarity, after.compound, after.availability) == (Polarity.POSITIVE, 0.5, False)
    assert (after.time, after.author) == (before.time, before.author)
    assert buckets(path) == count_stored(path)
    assert _day(path) == (1, 0, 0, 1, 5_000, 0, 0, 0)


def test_what_says_of_no_later_revision_changes_nothing(journal: Journal, path: Path) -> None:
    """A repetition, an older revision, and the post as it was at first are known."""
    _hear(journal, mention("1", text="first"))
    _hear(journal, mention("1", compound=0.5, text="another post of that id"))
    assert _stored(path)[0].text == "first"
    _hear(journal, mention("1", compound=0.5, text="second", revised=START + 20))
    before = buckets(path)
    for revised in (START + 20, START + 10, None):
        _hear(journal, mention("1", compound=-0.9, text="late", revised=revised))
    assert _stored(path)[0].text == "second"
    assert buckets(path) == before


def test_revisions_within_a_second_are_told_apart(journal: Journal, path: Path) -> None:
    """Some sources say when to the microsecond."""
    for part in (1, 3, 2):
        edit = mention("1", text=f"version {part}", revised=START)
        revised = NOON + timedelta(microseconds=part)
        _hear(journal, replace(edit, post=replace(edit.post, revised=revised)))
    assert _stored(path)[0].text == "version 3"


def test_an_edit_counts_for_the_topics_that_it_is_about(journal: Journal, path: Path) -> None:
    """It is withdrawn from others, is new to a new one, and may come back with a later edit."""
    _hear(journal, mention("1", author="ann"), mention("1", author="ann", topic=FEDORA))
    assert _hear(journal, mention("1", author="ann", revised=START + 1)) == 0
    assert _stored(path, FEDORA) == []
    assert _day(path, FEDORA) is None
    silent = mention("1", revised=START + 2).post
    assert _hear(journal, posts=[silent]) == 0
    assert buckets(path) == {}
    with reading(path) as database:
        kept = database.execute("SELECT DISTINCT text, url, author FROM mention").fetchall()
    assert kept == [(None, "", None)]
    _hear(journal, mention("1", author="ann", revised=START + 1))
    assert buckets(path) == {}
    back = mention("1", author="ann", topic=FEDORA, revised=START + 3)
    assert _hear(journal, back, mention("1", topic="Arch", revised=START + 3)) == 1
    assert _stored(path) == []
    assert len(_stored(path, FEDORA)) == len(_stored(path, "Arch")) == 1
    assert buckets(path) == count_stored(path)


def test_an_older_version_is_not_counted_for_a_topic_it_has_left(
    journal: Journal, path: Path
) -> None:
    """The first version may be heard after an edit that no longer speaks of one of its topics."""
    _hear(journal, mention("1", revised=START + 1))
    assert _hear(journal, mention("1"), mention("1", topic=FEDORA)) == 0
    assert _stored(path, FEDORA) == []


def test_all_versions_in_one_collection_are_one_mention(journal: Journal, path: Path) -> None:
    """Whatever their order on the page, the latest counts, once."""
    versions = [
        mention("1", compound=c, revised=r) for c, r in ((0.1, START + 1), (0.2, START + 2))
    ]
    _hear(journal, versions[1], mention("1"), mention("1", topic=FEDORA), versions[0])
    (stored,) = _stored(path)
    assert stored.compound == 0.2
    assert _stored(path, FEDORA) == []
    assert buckets(path) == count_stored(path)


def test_a_withdrawn_mention_is_erased_and_counts_no_more(journal: Journal, path: Path) -> None:
    """Text, address and author are gone, for all topics; the other mentions stay."""
    page = [
        mention("1", author="ann", text="my secret", url="https://example.org/secret"),
        mention("1", author="ann", text="my secret", topic=FEDORA),
        mention("2", START + MINUTE, author="ann"),
        mention("1", source="lobsters"),
    ]
    _hear(journal, *page)
    _hear(journal, withdrawn=["1"])
    assert [(each.id, each.source) for each in _stored(path)] == [("2", SOURCE), ("1", "lobsters")]
    assert _stored(path, FEDORA) == []
    assert EvidenceReader(path).counts(TOPIC, _window()).total == 2
    assert buckets(path) == count_stored(path) == count_mentions(page[2:])
    with reading(path) as database:
        left = database.execute(
            "SELECT text, url, author FROM mention WHERE withdrawn IS NOT NULL"
        ).fetchall()
        people = database.execute("SELECT count(*) FROM bucket_author").fetchone()
    assert left == [(None, "", None)] * 2
    assert people == (3,)  # ann, in the minute, hour and day of what she said later


def _window() -> Span:
    return Span(NOON - timedelta(days=1), NOON + timedelta(days=1))


def test_a_withdrawal_is_for_good(journal: Journal, path: Path) -> None:
    """Neither a replay, nor an edit, nor another topic brings it back; it is withdrawn once."""
    _hear(journal, mention("1", author="ann"))
    for _ in range(2):
        _hear(journal, withdrawn=["1"])
    assert _hear(journal, mention("1"), mention("1", topic=FEDORA)) == 0
    assert _hear(journal, mention("1", revised=START + 9), mention("1", revised=2**33)) == 0
    assert _hear(journal, mention("2"), withdrawn=["2"]) == 1
    assert _hear(journal, mention("2")) == 0
    assert buckets(path) == {}
    assert _stored(path) == _stored(path, FEDORA) == []


def test_a_withdrawal_of_what_is_not_known_is_ignored(journal: Journal, path: Path) -> None:
    """Firehoses bring thousands of them; nothing is kept of them."""
    _hear(journal, withdrawn=[f"at://nobody/{n}" for n in range(5_000)])
    with reading(path) as database:
        assert database.execute("SELECT count(*) FROM mention").fetchone() == (0,)
    ids = [f"post {n}" for n in range(2_500)]
    _hear(journal, *(mention(each, author=each) for each in ids))
    _hear(journal, withdrawn=[*ids[1:], "\ud83d", "nul\0inside", "x" * 10_000])
    assert buckets(path) == count_stored(path) == count_mentions([mention("post 0", author="a")])


def test_hostile_ids_are_found_again(journal: Journal, path: Path) -> None:
    """An id is cut and cleaned alike when it is stored and when it is withdrawn."""
    ids = ["half \ud83d", "nul\0inside", "x" * 10_000, "'; DROP TABLE mention; --", ""]
    _hear(journal, *(mention(each) for each in ids))
    assert len(_stored(path)) == len(ids)
    _hear(journal, withdrawn=ids)
    assert _stored(path) == []


def test_counts_are_right_after_minutes_were_pruned(journal: Journal, path: Path) -> None:
    """Hours and days lose what is withdrawn long after; no minute is made anew."""
    page = [
        mention("1", author="ann"),
        mention("2", author="ann"),
        mention("3", START + 7, author="bob"),
        mention("4", START + 90 * DAY, author="ann"),
    ]
    collection = heard((START, START + MINUTE), cursor="1")
    journal.record(collection, page, now=from_seconds(START + 90 * DAY))
    with closing(Outbox.open(path)) as outbox:
        outbox.fill(NOON + timedelta(days=2))
        outbox.delivered([row for row, _ in outbox.pending(1_000)], NOON)
        journal.prune(Store(keep_minutes=timedelta(days=30)), NOON + timedelta(days=100))
        _hear(journal, mention("5", START + 8, author="bob"), withdrawn=["1", "3"])
        outbox.fill(NOON + timedelta(days=2))
        (line,) = [
            line
            for line in (read_line(line) for _, line in outbox.pending(1_000))
            if line.measurement == "mention_1m" and line.time // 10**9 == START
        ]
    assert (line.fields["total"], line.fields["authors"]) == (-1, 0)
    minute = (MINUTE, TOPIC, SOURCE, START)
    expected = {key: sums for key, sums in count_stored(path).items() if key != minute}
    assert buckets(path) == expected


def test_an_edit_is_kept_as_long_as_any_text(journal: Journal, path: Path) -> None:
    """What replaces a text that was dropped with age is stored from then on."""
    journal.record(heard(), [mention("1")], now=NOON)
    journal.prune(Store(keep_texts=timedelta(days=1)), LATER)
    _hear(journal, mention("1", text="it is up", revised=START + 1))
    journal.prune(Store(keep_texts=timedelta(days=1)), LATER + timedelta(hours=23))
    assert _stored(path)[0].text == "it is up"


class Say(NamedTuple):
    """A version of a post is heard; what it says follows from its number."""

    post: int
    version: int


class Withdraw(NamedTuple):
    """A post is taken back."""

    post: int


POSTS, VERSIONS = 6, 4
says = st.builds(Say, st.integers(0, POSTS - 1), st.integers(0, VERSIONS - 1))
steps = st.one_of(says, says, st.builds(Withdraw, st.integers(0, POSTS - 1)))
SCORES = (-0.5, 0.0, 0.25, -0.75)
ABOUT = ((TOPIC, FEDORA), (FEDORA,), (), (TOPIC, "Arch"))


def _post(step: Say) -> Post:
    revised = START + step.version if step.version else None
    at = START + step.post * 25
    return mention(str(step.post), at, author="ab"[step.post % 2], revised=revised).post


def _mentions(step: Say) -> list[Mention]:
    """Return what a version of a post is: some are about other topics, some about none."""
    place = (step.post + step.version) % len(ABOUT)
    judged = mention("", compound=SCORES[place], copy=place == 3)
    topics = ABOUT[place] if step.version else ABOUT[0]
    return [replace(judged, topic=topic, post=_post(step)) for topic in topics]


def _collection(batch: Sequence[Say | Withdraw]) -> tuple[Collection, list[Mention]]:
    said = [step for step in batch if isinstance(step, Say)]
    taken = tuple(str(step.post) for step in batch if isinstance(step, Withdraw))
    posts = tuple(_post(step) for step in said)
    found = [each for step in said for each in _mentions(step)]
    return Collection(SOURCE, posts=posts, withdrawn=taken), found


def _run(path: Path, plan: Sequence[Sequence[Say | Withdraw] | None]) -> dict[Bucket, int]:
    """Record the batches; seal wherever the plan says None, and at the end; return lines' sums."""
    totals: dict[Bucket, int] = {}
    with Journal(path) as journal, closing(Outbox.open(path)) as outbox:
        journal.record(heard((START, START + 1)), [], now=NOON)
        for batch in (*plan, None):
            if batch is not None:
                journal.record(*_collection(batch), now=LATER)
                continue
            outbox.fill(LATER + timedelta(days=2))
        for _, line in outbox.pending(100_000):
            point = read_line(line)
            if point.measurement == "mention_1d":
                day = point.time // 10**9 // DAY * DAY
                key = (DAY, point.tag("topic"), SOURCE, day)
                totals[key] = totals.get(key, 0) + int(point.fields["total"])
    return totals


@settings(deadline=None, max_examples=120)
@given(st.lists(st.none() | st.lists(steps, max_size=5), max_size=8))
def test_in_any_order_what_stands_is_what_counts(
    tmp_path_factory: pytest.TempPathFactory, plan: list[list[Say | Withdraw] | None]
) -> None:
    """Buckets equal a recount of the mentions that stand, and so do the sums of the lines."""
    path = tmp_path_factory.mktemp("journal") / "hubbub.db"
    totals = _run(path, plan)
    assert buckets(path) == count_stored(path)
    days = {key: sum(sums[:3]) for key, sums in buckets(path).items() if key[0] == DAY}
    assert {key: total for key, total in totals.items() if total} == days


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_the_order_of_what_is_known_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Once a post is known, its latest version counts, or none if it was withdrawn."""
    path = tmp_path_factory.mktemp("journal") / "hubbub.db"
    known = [Say(number, 0) for number in range(POSTS)]
    events = data.draw(st.lists(steps, max_size=12))
    order = data.draw(st.permutations(events + events[: len(events) // 2]))
    at = data.draw(st.integers(0, len(order)))
    _run(path, [known, order[:at], None, *([step] for step in order[at:])])
    taken = {step.post for step in events if isinstance(step, Withdraw)}
    latest = {
        number: max(
            step.version
            for step in (*known, *events)
            if isinstance(step, Say) and step.post == number
        )
        for number in range(POSTS)
        if number not in taken
    }
    standing = [each for post, version in latest.items() for each in _mentions(Say(post, version))]
    assert buckets(path) == count_mentions(standing) == count_stored(path)
