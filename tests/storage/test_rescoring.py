"""Judging anew what is stored: by differences, as often as one likes."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from settings import Store
from signals import Judgement, Polarity, from_seconds
from storage import Journal, Outbox, Reader
from tests.support import recorder
from tests.support.line import read_line
from tests.support.mentions import (
    NOON,
    SOURCE,
    START,
    TOPIC,
    buckets,
    count_stored,
    heard,
    mention,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import StoredMention
    from storage.rescoring import Stale

ROOT = Path(__file__).parents[2]
ENGINE = "ops-9"
PRAISE = Judgement(Polarity.POSITIVE, 0.5, 0.0, 0.5, 0.5, scorer=ENGINE)
COMPLAINT = Judgement(Polarity.NEGATIVE, -0.5, 0.5, 0.5, 0.0, scorer=ENGINE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the journal is."""
    return tmp_path / "hubbub.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """Return an empty journal."""
    with Journal(path) as journal:
        yield journal


def _stored(path: Path) -> dict[str, StoredMention]:
    found = Reader(path).mentions(TOPIC, from_seconds(0), NOON + timedelta(days=9), limit=10_000)
    return {each.id: each for each in found}


def _batch(journal: Journal, *, after: int = 0, limit: int = 100) -> list[Stale]:
    return journal.rescoring.batch(ENGINE, after=after, limit=limit)


def test_a_new_judgement_replaces_the_old_one_and_its_counts(journal: Journal, path: Path) -> None:
    """Buckets and lines follow by the difference; what stays the same is no change."""
    now = NOON + timedelta(minutes=5)
    page = [mention("1", author="ann", copy=True), mention("2", text="GitHub is up", author="bob")]
    with closing(Outbox.open(path)) as outbox:
        journal.record(heard((START, START + 300)), page, now=now)
        outbox.fill(now)
        outbox.delivered([row for row, _ in outbox.pending(100)], now)
        first, second = _batch(journal)
        assert (first.topic, first.text, second.text) == (TOPIC, "GitHub is down", "GitHub is up")
        assert journal.rescoring.store([(first, COMPLAINT), (second, PRAISE)]) == 1
        outbox.fill(now)
        (line,) = [read_line(line) for _, line in outbox.pending(100)]
    assert line.fields == {
        "positive": 1,
        "negative": -1,
        "neutral": 0,
        "unscored": 0,
        "total": 0,
        "copies": 0,
        "authors": 0,
        "score_sum": 1.0,
    }
    assert buckets(path) == count_stored(path)
    stored = _stored(path)
    assert {each.scorer for each in stored.values()} == {ENGINE}
    assert stored["2"].polarity is Polarity.POSITIVE
    assert _batch(journal) == []
    assert journal.rescoring.count(ENGINE) == (0, 0)


def test_availability_alone_is_a_change(journal: Journal, path: Path) -> None:
    """It orders the posts that are shown."""
    journal.record(heard(), [mention("1")], now=NOON)
    (stale,) = _batch(journal)
    assert journal.rescoring.store([(stale, replace(COMPLAINT, availability=True))]) == 1
    assert _stored(path)["1"].availability


def test_only_what_is_asked_for_and_still_has_its_text(journal: Journal) -> None:
    """A topic, a time, an end of the last batch; what is withdrawn is neither left nor lost."""
    journal.record(heard(), [mention("old", START - 60)], now=NOON - timedelta(days=40))
    journal.prune(Store(keep_texts=timedelta(days=30)), NOON)
    page = [mention("1"), mention("2", START + 60), mention("3", topic="Fedora"), mention("4")]
    journal.record(replace(heard(), withdrawn=("4",)), page, now=NOON)
    rescoring = journal.rescoring
    assert rescoring.count(ENGINE) == (3, 1)
    assert rescoring.count(ENGINE, TOPIC) == (2, 1)
    assert rescoring.count(ENGINE, since=NOON) == (3, 0)
    assert rescoring.count("vader-3.3.2") == (0, 0)
    assert len(rescoring.batch(ENGINE, TOPIC, NOON + timedelta(seconds=1), limit=9)) == 1
    first, *_ = _batch(journal)
    rest = _batch(journal, after=first.row)
    assert [stale.topic for stale in rest] == [TOPIC, "Fedora"]
    assert _batch(journal, limit=1) == [first]


def test_what_changed_meanwhile_is_left_alone(journal: Journal, path: Path) -> None:
    """An edit or a withdrawal between reading and storing wins."""
    journal.record(heard(), [mention("1"), mention("2"), mention("3")], now=NOON)
    batch = _batch(journal)
    edit = mention("1", compound=0.0, text="never mind", revised=START + 1)
    journal.record(replace(heard(), withdrawn=("2",)), [edit], now=NOON)
    assert journal.rescoring.store([(stale, PRAISE) for stale in batch]) == 1
    stored = _stored(path)
    assert stored.keys() == {"1", "3"}
    assert (stored["1"].polarity, stored["1"].scorer) == (Polarity.NEUTRAL, "vader-3.3.2")
    assert buckets(path) == count_stored(path)
    assert [stale.text for stale in _batch(journal)] == ["never mind"]


def test_the_service_may_write_meanwhile(path: Path) -> None:
    """Two processes, one that records and one that judges anew, count nothing wrong."""
    until = 60
    command = [sys.executable, "-m", "tests.support.recorder", str(path), str(until)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "0\n"
        with Journal(path) as journal:
            while service.poll() is None:
                while batch := _batch(journal, limit=7):
                    judged = (COMPLAINT, PRAISE)
                    journal.rescoring.store([(stale, judged[stale.row % 2]) for stale in batch])
                service.stdout.readline()
            last = _batch(journal, limit=10_000)
            journal.rescoring.store([(stale, PRAISE) for stale in last])
            assert journal.rescoring.count(ENGINE) == (0, 0)
    assert service.returncode == 0
    assert buckets(path) == count_stored(path)
    counted = sum(sum(sums[:3]) for key, sums in buckets(path).items() if key[0] == 86_400)
    assert counted == (until + 1) * recorder.PAGE // 2
    assert {key[2] for key in buckets(path)} == {SOURCE}
