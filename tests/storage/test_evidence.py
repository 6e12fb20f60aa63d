"""What the journal says of an incident: counts, complaints, texts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from signals import Incident, Phase, Polarity, Span, State, Verdict, from_seconds
from storage import EvidenceReader, Journal
from tests.support.mentions import NOON, SOURCE, START, TOPIC, heard, mention

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = 86_400


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Return an empty journal."""
    with Journal(tmp_path / "hubbub.db") as journal:
        journal.declare([TOPIC], SOURCE)
        yield journal


@pytest.fixture
def evidence(journal: Journal) -> EvidenceReader:
    """Return what answers."""
    return EvidenceReader(journal.path)


def test_nothing_was_said(evidence: EvidenceReader) -> None:
    """Then every answer is empty."""
    span = Span(NOON - HOUR, NOON)
    assert evidence.counts(TOPIC, span) == (0, 0, 0, 0, 0)
    assert evidence.complaints(TOPIC, span, 5) == []
    assert evidence.usual(TOPIC, span) == (0, 0)
    assert evidence.texts("nobody", span, 5) == evidence.usual_texts("nobody", span, 5) == []


def test_people_are_counted_and_copies_are_not(journal: Journal, evidence: EvidenceReader) -> None:
    """Of the window alone, over all that was said; a copy counts as a copy."""
    page = [
        mention("1", START, -0.5, "ann"),
        mention("2", START + 1, -0.7, "ann", availability=True),
        mention("3", START + 2, 0.7, "bob", availability=True),
        mention("4", START + 3, 0.0, polarity=Polarity.UNSCORED),
        mention("5", START + 4, -0.9, "eve", availability=True, copy=True),
        mention("6", START + 60, -0.5, "cem"),
    ]
    journal.record(heard(), page, now=NOON)
    counts = evidence.counts(TOPIC, Span(NOON, NOON + MINUTE))
    assert counts == (4, 2, 1, 1, 3)


def test_complaints_that_can_be_read_come_first_by_what_they_tell(
    journal: Journal, evidence: EvidenceReader
) -> None:
    """Without copies, without praise, without texts that are gone."""
    page = [
        mention("mild", START, -0.1),
        mention("angry", START + 1, -0.9),
        mention("down", START + 2, -0.2, availability=True),
        mention("copied", START + 3, -0.9, availability=True, copy=True),
        mention("empty", START + 4, -0.9, text=""),
        mention("glad", START + 5, 0.9),
    ]
    journal.record(heard(), page, now=NOON)
    span = Span(NOON, NOON + MINUTE)
    assert [m.id for m in evidence.complaints(TOPIC, span, 9)] == ["down", "angry", "mild"]
    assert [m.id for m in evidence.complaints(TOPIC, span, 1)] == ["down"]


def test_what_is_usual_is_that_of_whole_hours(journal: Journal, evidence: EvidenceReader) -> None:
    """Copies aside; an hour that is cut by the stretch is left out."""
    page = [
        mention("before", START - 3_601),
        mention("1", START - 3_600),
        mention("2", START - 10, 0.5),
        mention("3", START - 9, copy=True),
        mention("after", START),
    ]
    journal.record(heard(), page, now=NOON)
    span = Span(NOON - timedelta(minutes=119), NOON + MINUTE)
    assert evidence.usual(TOPIC, span) == (2, 1)


def test_usual_texts_are_of_each_day_and_of_no_incident(
    journal: Journal, evidence: EvidenceReader
) -> None:
    """As many of a quiet day as of a loud one, the latest of each."""
    page = [mention(f"{n}", START - 100 - n, text=f"today {n}") for n in range(20)]
    page += [mention(f"y{n}", START - DAY - 100 - n, text=f"yesterday {n}") for n in range(20)]
    page += [mention("bad", START - 50, text="all is lost")]
    journal.record(heard(), page, now=NOON)
    bad = from_seconds(START - 60)
    worst = Verdict(bad, 9.0, 1.0, 0.0, 3.0, 9.0, State.CONFIRMED)
    incident = Incident("i", TOPIC, Phase.RESOLVED, bad, NOON, worst)
    journal.incidents.record(TOPIC, "{}", NOON, incidents=[incident], now=NOON)
    span = Span(NOON - timedelta(days=2), NOON)
    assert evidence.usual_texts(TOPIC, span, 4) == [
        "today 0", "today 1", "yesterday 0", "yesterday 1",
    ]  # fmt: skip
    assert evidence.texts(TOPIC, span, 2) == ["all is lost", "today 0"]
