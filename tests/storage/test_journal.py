"""Writing the journal: each mention once, whatever is repeated, killed or interleaved."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settings import Store
from signals import Collection, Event, Level, Mention, Polarity, Reading, Span, from_seconds
from storage import Journal, Outbox, Reader, Readings, Stored, StoreError
from storage.database import reading
from tests.support import recorder
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
    from datetime import datetime

    from signals import StoredMention

ROOT = Path(__file__).parents[2]
RECORDER = [sys.executable, "-m", "tests.support.recorder"]

mentions = st.builds(
    mention,
    st.integers(0, 25).map(str),
    st.integers(START - 90_000, START),
    st.integers(-10_000, 10_000).map(lambda score: score / 10_000),
    st.sampled_from(["", "ann", "bob", "cem"]),
    topic=st.sampled_from(["GitHub", "Fedora"]),
    source=st.sampled_from(["hackernews", "mastodon:fosstodon.org"]),
    copy=st.booleans(),
    polarity=st.sampled_from([None, None, Polarity.UNSCORED]),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the journal is."""
    return tmp_path / "hubbub.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """Return an empty journal."""
    with Journal(path) as journal:
        yield journal


def _stored(path: Path) -> list[StoredMention]:
    return Reader(path).mentions(TOPIC, from_seconds(0), NOON + timedelta(days=9), limit=10_000)


def test_the_same_collection_twice_counts_once(journal: Journal, path: Path) -> None:
    """A portion that is read again after a crash adds nothing."""
    page = [mention("1", author="ann"), mention("2", author="bob")]
    assert journal.record(heard(), page, now=NOON) == Stored(new=2, known=0)
    before = buckets(path)
    assert journal.record(heard(), page, now=NOON) == Stored(new=0, known=2)
    assert buckets(path) == before


def test_a_mention_twice_in_one_collection_counts_once(journal: Journal, path: Path) -> None:
    """A post on two pages of one answer is one mention."""
    assert journal.record(heard(), [mention("1"), mention("1")], now=NOON) == Stored(1, 1)
    assert buckets(path) == count_mentions([mention("1")])


def test_one_post_counts_for_each_topic_and_source(journal: Journal) -> None:
    """The identity of a mention is topic, source and id."""
    page = [mention("1"), mention("1", topic="Fedora"), mention("1", source="lobsters")]
    assert journal.record(heard(), page, now=NOON).new == 3


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(mentions, max_size=15), max_size=6))
def test_buckets_equal_a_recount(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Mention]]
) -> None:
    """Minutes, hours and days count each mention and each author once, in any order of arrival."""
    path = tmp_path_factory.mktemp("journal") / "hubbub.db"
    with Journal(path) as journal:
        stored = [journal.record(heard(), batch, now=NOON) for batch in batches]
    everything = [each for batch in batches for each in batch]
    identities = {(each.topic, each.post.source, each.post.id) for each in everything}
    assert buckets(path) == count_mentions(everything) == count_stored(path)
    assert sum(each.new for each in stored) == len(identities)
    assert sum(each.new + each.known for each in stored) == len(everything)


def test_an_error_in_the_middle_leaves_nothing(journal: Journal, path: Path) -> None:
    """Rows, coverage, health and cursor commit together or not at all."""
    journal.record(heard((START, START + 60), cursor="1"), [mention("1")], now=NOON)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON cursor WHEN new.value = '2'"
            " BEGIN SELECT raise(ABORT, 'no room'); END"
        )
    before = buckets(path), Reader(path).extent(TOPIC), Reader(path).sources()
    with pytest.raises(StoreError, match="no room"):
        journal.record(
            heard((START + 60, START + 120), cursor="2"),
            [mention("2", START + 60)],
            now=NOON + timedelta(minutes=2),
        )
    assert journal.cursor(SOURCE) == "1"
    assert [each.id for each in _stored(path)] == ["1"]
    assert (buckets(path), Reader(path).extent(TOPIC), Reader(path).sources()) == before


def test_a_time_without_zone_leaves_nothing(journal: Journal, path: Path) -> None:
    """A defect of a collector is an error, and harms no later collection."""
    post = replace(mention("2").post, time=NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="no time zone"):
        journal.record(
            heard(cursor="2"), [mention("1"), replace(mention("2"), post=post)], now=NOON
        )
    assert _stored(path) == []
    assert journal.cursor(SOURCE) is None
    assert journal.record(heard(cursor="2"), [mention("1")], now=NOON).new == 1


def test_a_collection_without_cursor_keeps_the_last(journal: Journal) -> None:
    """Only the last portion of several may carry a cursor."""
    journal.record(heard(cursor="1"), [], now=NOON)
    journal.record(heard(), [mention("1")], now=NOON)
    assert journal.cursor(SOURCE) == "1"
    assert journal.cursor("lobsters") is None


def test_authors_are_kept_as_keyed_hashes_only(path: Path, tmp_path: Path) -> None:
    """No name is in the file; another journal knows the same author by another hash."""
    other = tmp_path / "other.db"
    for each in (path, other):
        with Journal(each) as journal:
            page = [mention("1", author="ann.example"), mention("2", author="ann.example")]
            page += [mention("3", author="bob.example"), mention("4")]
            page += [mention("5", author="ann.example", source="lobsters")]
            journal.record(heard(), page, now=NOON)
        for file in tmp_path.glob(f"{each.name}*"):
            assert b"ann.example" not in file.read_bytes()
    ours = {each.id: each.author for each in _stored(path)}
    assert ours["1"] == ours["2"] != ours["3"]
    assert ours["4"] == ""
    assert ours["5"] != ours["1"]
    theirs = {each.id: each.author for each in _stored(other)}
    assert theirs["1"] != ours["1"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("half \ud83d pair", "half ? pair"),
        ("nul\0inside", "nul\0inside"),
        ("👍 ünïcode\r\n'; DROP TABLE mention; --", "👍 ünïcode\r\n'; DROP TABLE mention; --"),
        ("x" * 1_000_000, "x" * 20_000),
        ("", ""),
    ],
    ids=["surrogate", "nul", "unicode", "long", "empty"],
)
def test_hostile_text_is_kept_within_bounds(
    journal: Journal, path: Path, text: str, kept: str
) -> None:
    """Whatever a post says, it is stored, cut to size, and read back."""
    page = [mention(text or "1", text=text, author=text, url=text)]
    journal.record(heard(), page, now=NOON)
    assert journal.record(heard(), page, now=NOON).known == 1
    (stored,) = _stored(path)
    assert stored.text == kept
    assert stored.url == kept[:2_000]


def test_hostile_text_of_readings_events_and_failures(journal: Journal, path: Path) -> None:
    """Half a surrogate pair in any text from the network breaks nothing."""
    bad = "\ud83d" + "x" * 1_000_000
    collection = Collection(
        SOURCE,
        readings=(Reading("mint", bad, "distrowatch", "6m", NOON, 1, 2_000),),
        events=(Event(bad, "release", bad, NOON, text=bad, url=bad),),
    )
    journal.record(collection, [], now=NOON)
    journal.record_failure(SOURCE, "malformed", bad, now=NOON)
    assert Readings(path).ranking("6m")[0].name.startswith("?x")
    (event,) = Reader(path).events(TOPIC, NOON, NOON + timedelta(hours=1))
    assert len(event.text) == 20_000
    assert len(event.title) == len(Reader(path).sources()[0].reason) == 2_000


def test_a_reading_or_event_is_stored_once(journal: Journal, path: Path) -> None:
    """Reading the same page or status again adds nothing."""
    collection = Collection(
        SOURCE,
        readings=(Reading("mint", "Linux Mint", "distrowatch", "6m", NOON, 1, 2_000),),
        events=(Event("1", "release", "Mint 23", NOON),),
    )
    for _ in range(2):
        journal.record(collection, [], now=NOON)
    assert len(Readings(path).ranking("6m")) == 1
    assert journal.record_event(Event("1", "release", "Mint 23", NOON)) is False
    assert journal.record_event(Event("1", "deploy", "api v2", NOON)) is True
    assert len(Reader(path).events(TOPIC, NOON, NOON + timedelta(hours=1))) == 2


def test_an_event_is_brought_up_to_date(journal: Journal, path: Path) -> None:
    """Its end, title and text may become known later; its beginning stays."""
    opened = Event("1", "status", "degraded", NOON, TOPIC)
    assert journal.record_event(opened) is True
    later = replace(opened, time=NOON + timedelta(minutes=9))
    assert journal.record_event(later) is False
    over = replace(later, title="resolved", text="a disk", end=NOON + timedelta(hours=1))
    assert journal.record_event(over) is True
    assert journal.record_event(over) is False
    (known,) = Reader(path).events(TOPIC, NOON, NOON + timedelta(hours=2))
    assert known == replace(over, time=NOON)


def test_what_a_source_could_no_longer_give_is_told(journal: Journal, path: Path) -> None:
    """The stretch from what was watched before to what is newly watched; none without such."""

    def gap(*stretches: tuple[int, int]) -> Span | None:
        spans = [(START + start, START + end) for start, end in stretches]
        return journal.record(heard(*spans), [], now=NOON).gap

    assert gap((0, 60)) is None
    assert gap((60, 120)) is None
    assert gap() is None
    missed = Span(NOON + timedelta(minutes=2), NOON + timedelta(minutes=5))
    assert gap((300, 360)) == missed
    assert gap((300, 360)) is None
    assert gap((60, 180), (360, 420)) is None
    assert gap((900, 960), (420, 480)) is None
    rest = Span(NOON + timedelta(minutes=3), missed.end)
    assert Reader(path).gaps(NOON, NOON + timedelta(hours=1))[SOURCE][0] == rest


def test_a_failure_is_no_coverage(journal: Journal, path: Path) -> None:
    """A source that was not heard is unwell; what it covered before stays as it was."""
    journal.declare([TOPIC], SOURCE)
    journal.record(heard((START, START + 60)), [mention("1")], now=NOON + timedelta(minutes=1))
    later = NOON + timedelta(minutes=9)
    journal.record_failure(SOURCE, "blocked", "it asks for a login", now=later)
    journal.record_failure("lobsters", "unreachable", "no answer", now=later)
    assert Reader(path).extent(TOPIC) == Span(NOON, NOON + timedelta(minutes=1))
    sick, silent = Reader(path).sources()
    assert (sick.ok, sick.kind, sick.reason) == (False, "blocked", "it asks for a login")
    assert (sick.tried, sick.heard, sick.lag) == (later, NOON + timedelta(minutes=1), 480)
    assert (silent.ok, silent.heard) == (False, None)
    journal.record(heard((START + 60, START + 600)), [], now=NOON + timedelta(minutes=10))
    assert [each.ok for each in Reader(path).sources()] == [True, False]


def test_an_archive_is_no_source_that_may_be_unwell(journal: Journal, path: Path) -> None:
    """An import appears in no table of health."""
    archive = heard((START, START + 60), source="import:old")
    assert journal.load(archive, [mention("1", source="import:old")], now=NOON).new == 1
    assert Reader(path).sources() == []
    assert Reader(path).extent(TOPIC) == Span(NOON, NOON + timedelta(minutes=1))


def test_a_topic_that_is_added_later_was_not_listened_for_before(
    journal: Journal, path: Path
) -> None:
    """The hours in which nobody looked for a topic are a gap in it, not a zero."""
    hour = 3_600
    journal.declare([TOPIC], SOURCE)
    journal.record(heard((START, START + hour)), [mention("1")], now=NOON + timedelta(hours=1))
    journal.declare([TOPIC, "Fedora"], SOURCE)
    journal.record(heard((START + hour, START + 2 * hour)), [], now=NOON + timedelta(hours=2))
    both = (NOON, NOON + timedelta(hours=2), Level.HOUR)
    assert [each.coverage for each in Reader(path).volumes(TOPIC, *both)] == [1, 1]
    (only,) = Reader(path).volumes("Fedora", *both)
    assert (only.start, only.coverage, only.total) == (NOON + timedelta(hours=1), 1, 0)
    assert Reader(path).extent("Fedora") == Span(NOON + timedelta(hours=1), both[1])


def _prune(journal: Journal, now: datetime, **keep: int) -> None:
    journal.prune(
        Store(**{f"keep_{name}": timedelta(days=days) for name, days in keep.items()}), now
    )


def test_texts_are_dropped_and_counts_are_kept(journal: Journal, path: Path) -> None:
    """Once the retention time has passed, only what was counted remains."""
    journal.record(heard(), [mention("1", url="https://example.org")], now=NOON)
    before = buckets(path)
    _prune(journal, NOON + timedelta(days=30), texts=30)
    assert _stored(path)[0].text == "GitHub is down"
    _prune(journal, NOON + timedelta(days=30, seconds=1), texts=30)
    (stored,) = _stored(path)
    assert (stored.text, stored.url, stored.polarity) == ("", "", Polarity.NEGATIVE)
    assert buckets(path) == before
    assert journal.record(heard(), [mention("1")], now=NOON).known == 1
    assert _stored(path)[0].text == ""


def test_old_minutes_are_dropped_but_those_of_an_archive(journal: Journal, path: Path) -> None:
    """Hours and days stay for ever; an archive is old from the beginning, and stays whole."""
    page = [mention("1", START), mention("2", START + 86_400)]
    journal.record(heard(cursor="1"), page, now=NOON + timedelta(days=1))
    archive = [mention("1", START - 10**8, source="import:old")]
    journal.load(heard(source="import:old"), archive, now=NOON)
    before = buckets(path)
    _prune(journal, NOON + timedelta(days=90, seconds=1), minutes=90)
    dropped = {(60, TOPIC, SOURCE, START)}
    assert buckets(path) == {key: sums for key, sums in before.items() if key not in dropped}


def test_authors_are_counted_once_also_after_pruning(journal: Journal, path: Path) -> None:
    """An archive that is imported in two parts counts as one imported at once."""
    source, old = "import:old", START - 10**8
    journal.load(heard(source=source), [mention("1", old, 0.5, "ann", source=source)], now=NOON)
    _prune(journal, NOON, minutes=90)
    page = [mention("2", old, 0.5, "ann", source=source)]
    journal.load(heard(source=source), page, now=NOON)
    assert buckets(path) == count_stored(path)
    assert buckets(path)[60, TOPIC, source, old // 60 * 60][3] == 1


def test_authors_of_today_are_not_forgotten_by_a_short_retention(
    journal: Journal, path: Path
) -> None:
    """Dropping the minutes of the morning leaves the day's authors as they are."""
    journal.record(heard(cursor="1"), [mention("1", author="ann")], now=NOON)
    evening = NOON + timedelta(hours=8)
    journal.prune(Store(keep_minutes=timedelta(hours=1)), evening)
    journal.record(heard(), [mention("2", START + 28_000, author="ann")], now=evening)
    day = START // 86_400 * 86_400
    assert buckets(path)[86_400, TOPIC, SOURCE, day][3] == 1


def test_what_comes_after_pruning_is_still_delivered(journal: Journal, path: Path) -> None:
    """The numbers of dropped rows are not used again, so that no later row seems delivered."""
    with closing(Outbox.open(path)) as outbox:
        for minute in range(5):
            journal.record(heard(cursor="1"), [], now=NOON + timedelta(minutes=minute))
        outbox.fill(NOON)
        later = NOON + timedelta(days=100)
        _prune(journal, later, minutes=90)
        journal.record(heard(cursor="2"), [], now=later)
        outbox.fill(later)
        lines = [read_line(line) for _, line in outbox.pending(100)]
    attempts = [line for line in lines if line.measurement == "collector"]
    assert [line.time // 10**9 for line in attempts][-1] == START + 100 * 86_400
    assert len(attempts) == 6


def test_a_service_and_an_import_write_the_same_file(path: Path) -> None:
    """Two processes that write by turns lose nothing and count nothing twice."""
    until = 60
    with subprocess.Popen(
        [*RECORDER, str(path), str(until)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "0\n"
        with Journal(path) as journal:
            for number in range(until):
                # Half of these the service has, or will have, as well.
                part = recorder.mentions(number) + recorder.mentions(number, "import:old")
                journal.load(heard(source="import:old"), part, now=NOON)
        service.communicate()
    assert service.returncode == 0
    expected = [
        each
        for number in range(until)
        for source in (SOURCE, "import:old")
        for each in recorder.mentions(number, source)
    ]
    assert buckets(path) == count_mentions(expected) == count_stored(path)


def _killed(path: Path, until: int, dice: random.Random) -> bool:
    """Kill the recorder at a random moment; return whether it was still at work."""
    with subprocess.Popen(
        [*RECORDER, str(path), str(until)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdout is not None
        for _ in range(dice.randrange(1, 25)):
            child.stdout.readline()
        time.sleep(dice.uniform(0, 0.01))  # a random moment within what it does next
        child.kill()
    return child.returncode != 0


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_nothing_is_lost_or_counted_twice(path: Path, seed: int) -> None:
    """After each kill the journal holds whole collections, and going on completes them."""
    dice, until, kills = random.Random(seed), 100, 0
    while _killed(path, until, dice):
        kills += 1
        with Journal(path) as journal:
            known = int(journal.cursor(SOURCE) or 0)
        expected = [each for number in range(known) for each in recorder.mentions(number)]
        assert buckets(path) == count_mentions(expected) == count_stored(path)
        assert _extent(path) == recorder.watched(known)
    assert kills > 2
    with Journal(path) as journal:
        assert journal.cursor(SOURCE) == str(until)
    expected = [each for number in range(until) for each in recorder.mentions(number)]
    assert buckets(path) == count_mentions(expected) == count_stored(path)
    assert _identities(path) == {(each.topic, each.post.id) for each in expected}


def _extent(path: Path) -> Span:
    """Return what the source covers."""
    rows: Sequence[tuple[int, int]]
    with reading(path) as database:
        rows = database.execute("SELECT start, end FROM coverage").fetchall()
    ((start, end),) = rows or [(START, START)]
    return Span(from_seconds(start), from_seconds(end))


def _identities(path: Path) -> set[tuple[str, str]]:
    with reading(path) as database:
        rows = database.execute(
            "SELECT topic, mention.id FROM mention JOIN series ON series.id = series"
        ).fetchall()
    assert len(rows) == len(set(rows))
    return set(rows)


def test_a_post_with_an_address_for_its_id_counts_once_over_all_sources(tmp_path: Path) -> None:
    """Two instances that know the same post are no two people who said it."""
    everywhere, other = "https://social.example/users/ada/1", "mastodon:elsewhere.example"
    with Journal(tmp_path / "hubbub.db") as journal:
        for _ in range(2):
            for source in (SOURCE, other):
                found = [mention(identity, source=source) for identity in (everywhere, "7")]
                journal.record(heard(source=source), found, now=NOON)
        together = [mention("at://x", source=source) for source in (SOURCE, other)]
        assert journal.record(heard(), together, now=NOON).new == 1
        stood = Reader(journal.path).mentions(
            TOPIC, NOON - timedelta(days=1), NOON + timedelta(days=1)
        )
    assert sorted((each.source, each.id) for each in stood) == sorted(
        [(SOURCE, everywhere), (SOURCE, "7"), (other, "7"), (SOURCE, "at://x")]
    )
