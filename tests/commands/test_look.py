"""``hubbub status``, ``incidents`` and ``mark``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import settings
from pipeline import SpikeWatch
from signals import Collection, Judgement, Level, Mention, Polarity, Post, Span, iso
from storage import Journal, Reader
from tests.support.worlds import DAY, HOUR, channels, hear, outage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Configure, Hubbub

NASTY = "[/b] \x1b[2J awful [red]"


@pytest.fixture
def now() -> datetime:
    """Return the present minute."""
    return Level.MINUTE.floor(datetime.now(UTC))


@pytest.fixture
def troubled(journal: Path, now: datetime) -> Path:
    """Return a journal with an open incident, a sick source and a message that did not arrive."""
    with Journal(journal) as writer:
        hear(writer, now - 3 * DAY, now, outage(now - HOUR, now))
        worst = Judgement(Polarity.NEGATIVE, -0.9, 1.0, 0.0, 0.0)
        posts = [
            Post("hackernews", f"worst {ago}", NASTY, now - timedelta(minutes=ago))
            for ago in (59, 58, 57)
        ]
        mentions = [Mention("GitHub", post, worst) for post in posts]
        writer.record(Collection("hackernews"), mentions, now=now)
        watch = SpikeWatch(settings.Detection(), writer, Reader(journal), channels(), "")
        watch.look("GitHub", now)
        (message,) = writer.incidents.due(now)
        writer.incidents.postpone([message], now + HOUR, f"answered 503 {NASTY}")
        writer.record_failure("mastodon:[x]", "blocked", NASTY, now=now)
    return journal


def test_status_shows_what_is_wrong(hubbub: Hubbub, troubled: Path) -> None:
    """Sources with their reasons, open incidents, messages; text stays text."""
    ended = hubbub("status", "--store", troubled)
    assert ended.code == 0
    assert "mastodon:[x]: [/b]  [2J awful [red]" in ended.out
    assert "GitHub: confirmed since " in ended.out
    assert "notification to ops will be tried again: answered 503 [/b]" in ended.out
    assert "\x1b" not in ended.out
    assert "InfluxDB" not in ended.out


def test_status_is_a_document_too(hubbub: Hubbub, troubled: Path) -> None:
    """With stable names."""
    report = hubbub("status", "--store", troubled, "--json").document
    assert list(report) == ["store", "sources", "influx", "incidents", "notifications"]
    assert report["store"] == str(troubled)
    assert [(s["source"], s["ok"], s["kind"]) for s in report["sources"]] == [
        ("hackernews", True, "ok"), ("mastodon:[x]", False, "blocked"),
    ]  # fmt: skip
    assert report["influx"] == {
        "configured": False, "pending": 0, "refused": 0, "delivered": None, "problem": "",
        "refused_lines": [],
    }  # fmt: skip
    assert [incident["phase"] for incident in report["incidents"]] == ["confirmed"]
    assert report["notifications"] == [
        {"channel": "ops", "error": f"answered 503 {NASTY}", "retrying": True}
    ]


PACED = """
[[topics]]
name = "GitHub"
any = ["github"]

[[sources]]
kind = "hackernews"
"""


def test_status_shows_how_often_a_source_is_asked(
    hubbub: Hubbub, troubled: Path, configure: Configure
) -> None:
    """Four times as often in an incident; what is not configured any more is not asked."""
    path = configure(PACED)
    report = hubbub("status", "--store", troubled, "--config", path, "--json").document
    assert [source["interval"] for source in report["sources"]] == [15.0, None]
    assert "│ 15 s  │" in hubbub("status", "--store", troubled, "--config", path).out


def test_status_shows_what_was_missed(hubbub: Hubbub, journal: Path, now: datetime) -> None:
    """Of the last day, with its times."""
    spans = (Span(now - 30 * HOUR, now - 2 * HOUR), Span(now - HOUR, now))
    with Journal(journal) as writer:
        for span in spans:
            writer.record(Collection("hackernews", watched=(span,)), [], now=now)
    (source,) = hubbub("status", "--store", journal, "--json").document["sources"]
    gap = {"start": iso(now - 2 * HOUR), "end": iso(now - HOUR)}
    assert source["missed"] == [gap]
    ended = hubbub("status", "--store", journal)
    assert f"hackernews: missed {gap['start']} .. {gap['end']}" in ended.out


def test_status_calls_stale_what_nobody_asks(
    hubbub: Hubbub, journal: Path, configure: Configure, now: datetime
) -> None:
    """Because the service is down; the last time all was well."""
    path = configure(PACED)
    with Journal(journal) as writer:
        writer.record(Collection("hackernews"), [], now=now - timedelta(minutes=5))
    (source,) = hubbub("status", "--store", journal, "--config", path, "--json").document["sources"]
    assert source["ok"]
    with Journal(journal) as writer:
        writer.record(Collection("hackernews"), [], now=now - timedelta(minutes=9))
    (source,) = hubbub("status", "--store", journal, "--config", path, "--json").document["sources"]
    assert (source["ok"], source["kind"]) == (False, "stale")
    assert source["reason"] == "not asked; does hubbub run?"


def test_status_shows_what_influxdb_refused(
    hubbub: Hubbub, troubled: Path, configure: Configure, now: datetime
) -> None:
    """The line and its reason, and why nothing goes on."""
    with Journal(troubled) as journal:
        journal.outbox.fill(now)
        ((row, _),) = journal.outbox.pending(1)
        journal.outbox.refuse(row, f"partial write: {NASTY}", now)
        journal.outbox.note_problem("InfluxDB does not answer; start it")
    path = configure('[influx]\nurl = "http://127.0.0.1:1"\n')
    ended = hubbub("status", "--store", troubled, "--config", path)
    assert "1 refused, last delivery never" in ended.out
    assert "InfluxDB does not answer; start it" in ended.out
    assert "refused: partial write: [/b]" in ended.out


def test_status_of_a_new_journal_says_what_to_do(hubbub: Hubbub, journal: Path) -> None:
    """Nothing was asked yet."""
    Journal(journal).close()
    assert "start 'hubbub run'" in hubbub("status", "--store", journal).out


def test_incidents_come_with_their_evidence(hubbub: Hubbub, troubled: Path) -> None:
    """The numbers and the worst posts, the newest incident first."""
    ended = hubbub("incidents", "--store", troubled)
    assert ended.code == 0
    assert ended.out.startswith("GitHub  confirmed  ")
    assert "-0.90  [/b]  [2J awful [red]\n" in ended.out
    (document,) = hubbub("incidents", "--topic", "GitHub", "--store", troubled, "--json").document
    assert document["topic"] == "GitHub"
    assert document["changes"][-1]["phase"] == "confirmed"
    assert document["mentions"][0]["text"] == NASTY
    assert hubbub("incidents", "--topic", "other", "--store", troubled, "--json").document == []
    assert hubbub("incidents", "--topic", "other", "--store", troubled).out == "no incidents\n"
    assert hubbub("incidents", "--limit", "0", "--store", troubled).code == 2


def test_a_mark_is_an_event(hubbub: Hubbub, journal: Path, now: datetime) -> None:
    """Now or at a given time, of one topic or of all."""
    report = hubbub("mark", "deploy", "api v2.31", "--store", journal, "--json").document
    assert list(report) == ["id", "kind", "title", "time"]
    at = "2026-11-01T14:00+02:00"
    ended = hubbub(
        "mark", "release", "2.0 [x]", "--topic", "GitHub", "--at", at, "--store", journal
    )
    assert ended.out == "marked release at 2026-11-01T12:00:00Z: 2.0 [x]\n"
    with_zone = datetime(2026, 11, 1, 12, tzinfo=UTC)
    events = Reader(journal).events("GitHub", with_zone, now + timedelta(minutes=2))
    assert [(event.kind, event.title, event.topic) for event in events] == [
        ("release", "2.0 [x]", "GitHub"), ("deploy", "api v2.31", ""),
    ]  # fmt: skip
    assert Reader(journal).events("other", with_zone, with_zone + HOUR) == []
    for wrong in ("yesterday", "2026-11-01T12:00:00"):
        assert hubbub("mark", "deploy", "x", "--at", wrong, "--store", journal).code == 2


def test_a_span_of_a_gap_is_no_zero(hubbub: Hubbub, journal: Path, now: datetime) -> None:
    """A source that never succeeded was never heard, and the status says so."""
    with Journal(journal) as writer:
        writer.record_failure("hackernews", "unreachable", "no answer", now=now)
        writer.load(Collection("import:x", watched=(Span(now - HOUR, now),)), [], now=now)
    ended = hubbub("status", "--store", journal)
    assert "never" in ended.out
    assert "import:x" not in ended.out
