"""Lines that wait for delivery."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from signals import DeliveryHealth
from storage import Journal, Outbox, Reader, outbox
from tests.support.mentions import NOON, START, TOPIC, heard, mention

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Return a journal that has ten minutes to send."""
    with Journal(tmp_path / "hubbub.db") as journal:
        journal.load(heard((START, START + 600)), [mention("1")], now=NOON)
        yield journal


@pytest.fixture
def waiting(journal: Journal) -> Iterator[Outbox]:
    """Return the filled outbox, on a connection of its own."""
    with closing(Outbox.open(journal.path)) as waiting:
        assert waiting.fill(LATER) == 10
        yield waiting


def test_the_oldest_lines_come_first(waiting: Outbox) -> None:
    """Lines leave in the order in which they were made."""
    first = waiting.pending(3)
    assert len(first) == 3
    assert first == waiting.pending(100)[:3]
    assert [row for row, _ in first] == sorted(row for row, _ in first)


def test_what_is_delivered_is_gone(journal: Journal, waiting: Outbox) -> None:
    """A line leaves when it is stored elsewhere, and is not made again."""
    rows = waiting.pending(4)
    waiting.delivered([row for row, _ in rows], LATER)
    assert waiting.counts() == (6, 0)
    assert not set(rows) & set(waiting.pending(100))
    assert waiting.fill(LATER) == 0
    assert Reader(journal.path).delivery() == DeliveryHealth(6, 0, LATER, "")


def test_a_line_waits_over_a_restart(journal: Journal, waiting: Outbox) -> None:
    """Lines are in the file, and the journal's own outbox shows the same."""
    with closing(Outbox.open(journal.path)) as again:
        assert again.pending(100) == waiting.pending(100) == journal.outbox.pending(100)


def test_a_refused_line_is_set_aside_with_its_reason(journal: Journal, waiting: Outbox) -> None:
    """A refused line waits no longer, and is shown."""
    (row, line), *others = waiting.pending(100)
    for _ in range(2):
        waiting.refuse(row, "field type conflict", LATER)
    assert waiting.pending(100) == others
    assert waiting.counts() == (9, 1)
    assert Reader(journal.path).refused() == [(line, "field type conflict")]


def test_numbers_are_not_used_again(journal: Journal, waiting: Outbox) -> None:
    """A late answer for an old line cannot drop a new one."""
    old = [row for row, _ in waiting.pending(100)]
    waiting.delivered(old, LATER)
    journal.load(heard(), [mention("2")], now=NOON)
    assert waiting.fill(LATER) == 1
    waiting.delivered(old, LATER)
    assert waiting.counts() == (1, 0)


def test_a_full_outbox_leaves_the_rest_in_the_journal(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While InfluxDB is away the outbox stops growing; afterwards nothing is missing."""
    monkeypatch.setattr(outbox, "LIMIT", 4)
    monkeypatch.setattr("storage.sealing.BATCH", 2)
    seen: list[str] = []
    with closing(Outbox.open(journal.path)) as waiting:
        while waiting.fill(LATER):
            rows = waiting.pending(100)
            assert len(rows) == 4 or len(seen) == 8
            seen += [line for _, line in rows]
            waiting.delivered([row for row, _ in rows], LATER)
    assert len(seen) == len(set(seen)) == 10


def test_a_problem_is_shown_until_it_is_over(journal: Journal, waiting: Outbox) -> None:
    """Another process can see why nothing is delivered."""
    reader = Reader(journal.path)
    assert reader.delivery() == DeliveryHealth(10, 0, None, "")
    waiting.note_problem("InfluxDB refuses the token (401)")
    assert reader.delivery().problem == "InfluxDB refuses the token (401)"
    waiting.note_problem("")
    assert reader.delivery().problem == ""
    assert reader.topics() == [TOPIC]
