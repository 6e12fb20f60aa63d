"""What is known of the attempts to listen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from signals import Collection, Post
from storage import Attempts, Journal
from tests.support.worlds import DAY, MINUTE, NOON, SOURCE, hear

if TYPE_CHECKING:
    from pathlib import Path


def test_items_of_the_minutes_in_which_a_source_was_heard(tmp_path: Path) -> None:
    """From some time before the last that brought anything; failures are not heard."""
    path = tmp_path / "hubbub.db"
    with Journal(path) as journal:
        for minutes, items in ((-300, 9), (0, 2), (0, 1), (1, 0), (3, 0)):
            posts = tuple(Post(SOURCE, str(n), "x", NOON) for n in range(items))
            now = NOON + minutes * MINUTE + timedelta(seconds=items)
            journal.record(Collection(SOURCE, posts), [], now=now)
        journal.record(Collection("other", posts), [], now=NOON + 9 * MINUTE)
        journal.record_failure(SOURCE, "unreachable", "no answer", now=NOON + 2 * MINUTE)
    attempts = Attempts(path)
    lately = [(NOON, 3), (NOON + MINUTE, 0), (NOON + 3 * MINUTE, 0)]
    assert attempts.items(SOURCE, timedelta(hours=1)) == lately
    assert attempts.items(SOURCE, DAY) == [(NOON - 300 * MINUTE, 9), *lately]
    assert attempts.items("nobody", DAY) == []


def test_when_a_source_brought_a_mention(tmp_path: Path) -> None:
    """The latest attempt with one that was not known; none at first."""
    path = tmp_path / "hubbub.db"
    with Journal(path) as journal:
        assert Attempts(path).brought(SOURCE) is None
        hear(journal, NOON - MINUTE, NOON)
        hear(journal, NOON, NOON + MINUTE)
        hear(journal, NOON + MINUTE, NOON + 2 * MINUTE)
    assert Attempts(path).brought(SOURCE) == NOON + MINUTE
