"""The detector's state, incidents and notifications: each change once, whatever crashes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from signals import Change, Incident, Notification, Phase, State, Step, Verdict
from storage import Journal, Reader, StoreError
from tests.support.mentions import NOON, TOPIC

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

MINUTE = timedelta(minutes=1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Return an empty journal."""
    with Journal(tmp_path / "hubbub.db") as journal:
        yield journal


def _verdict(time: datetime = NOON, score: float = 6.5) -> Verdict:
    return Verdict(time, 9.0, 1.5, 0.0, 4.25, score, State.CONFIRMED)


def _incident(opened: datetime = NOON, phase: Phase = Phase.CONFIRMED) -> Incident:
    return Incident(
        f"{TOPIC}:{opened.timestamp():.0f}",
        TOPIC,
        phase,
        opened,
        opened + MINUTE,
        _verdict(opened),
        last_seen=opened + MINUTE,
    )


def _change(incident: Incident) -> Change:
    return Change(
        incident, incident.changed, "9 complaints where 1.5 are usual", Step(incident.phase)
    )


def _latest(journal: Journal) -> Incident | None:
    found = journal.incidents.latest(TOPIC)
    return found.incident if found else None


def _record(journal: Journal, state: str, until: datetime, incident: Incident) -> None:
    """Store one look that found a change and announces it."""
    change = _change(incident)
    journal.incidents.record(
        TOPIC,
        state,
        until,
        verdicts=[_verdict()],
        incidents=[incident],
        changes=[change],
        notifications=[Notification(f"{change.id}:hook", "hook", '{"text": "down"}')],
        now=NOON,
    )


def test_nothing_is_known_of_a_new_topic(journal: Journal) -> None:
    """A first look has neither state nor incident."""
    assert journal.incidents.detector(TOPIC) == (None, None)
    assert journal.incidents.latest(TOPIC) is None
    assert journal.incidents.due(NOON) == []


def test_a_look_survives_a_restart(journal: Journal) -> None:
    """State, incident, verdicts and changes are read back as they were."""
    _record(journal, '{"level": 1.5}', NOON + MINUTE, _incident())
    with Journal(journal.path) as again:
        assert again.incidents.detector(TOPIC) == ('{"level": 1.5}', NOON + MINUTE)
        assert _latest(again) == _incident()
    reader = Reader(journal.path)
    assert reader.changes(_incident().id) == [
        (NOON + MINUTE, "confirmed", "9 complaints where 1.5 are usual")
    ]


def test_the_same_look_twice_is_one(journal: Journal) -> None:
    """A look that is repeated after a crash announces nothing again."""
    for _ in range(2):
        _record(journal, "{}", NOON + MINUTE, _incident())
    assert len(Reader(journal.path).changes(_incident().id)) == 1
    (notification,) = journal.incidents.due(NOON)
    journal.incidents.sent([notification], NOON)
    _record(journal, "{}", NOON + MINUTE, _incident())
    assert journal.incidents.due(NOON + timedelta(days=1)) == []


def test_a_look_is_stored_whole_or_not_at_all(journal: Journal) -> None:
    """If the notification cannot be stored, the detector has not seen the minutes either."""
    with closing(sqlite3.connect(journal.path)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON notification"
            " BEGIN SELECT raise(ABORT, 'no room'); END"
        )
        with pytest.raises(StoreError, match="no room"):
            _record(journal, "{}", NOON + MINUTE, _incident())
        assert journal.incidents.detector(TOPIC) == (None, None)
        assert journal.incidents.latest(TOPIC) is None
        other.execute("DROP TRIGGER full")
    _record(journal, "{}", NOON + MINUTE, _incident())
    assert len(journal.incidents.due(NOON)) == 1


def test_an_incident_stands_as_it_was_last_recorded(journal: Journal) -> None:
    """Its phases are kept as changes, itself as it is now."""
    first = _incident(phase=Phase.POSSIBLE)
    last = replace(
        first,
        phase=Phase.RESOLVED,
        changed=NOON + 20 * MINUTE,
        last_seen=None,
        reopened=1,
        worst=_verdict(NOON, 9.5),
    )
    for incident in (first, last):
        _record(journal, "{}", NOON + MINUTE, incident)
    assert _latest(journal) == last
    assert [phase for _, phase, _ in Reader(journal.path).changes(first.id)] == [
        "possible",
        "resolved",
    ]


def test_the_latest_incident_is_the_last_opened(journal: Journal) -> None:
    """Of several incidents the detector goes on with the newest."""
    later = _incident(NOON + timedelta(hours=2))
    for incident in (later, _incident()):
        _record(journal, "{}", NOON, incident)
    assert _latest(journal) == later
    assert journal.incidents.latest("Fedora") is None


def test_a_notification_is_tried_until_it_is_sent(journal: Journal) -> None:
    """Attempts are counted; it is due again when it was postponed to, and never once sent."""
    journal.incidents.announce([Notification("1", "hook", "{}")], NOON)
    (first,) = journal.incidents.due(NOON)
    assert first.attempts == 0
    journal.incidents.postpone([first], NOON + 5 * MINUTE, "503")
    assert journal.incidents.due(NOON + 4 * MINUTE) == []
    assert Reader(journal.path).unsent() == [("hook", "503", True)]
    (second,) = journal.incidents.due(NOON + 5 * MINUTE)
    assert (second.id, second.body, second.attempts) == ("1", "{}", 1)
    journal.incidents.sent([second], NOON + 5 * MINUTE)
    assert journal.incidents.due(NOON + timedelta(days=1)) == []
    assert Reader(journal.path).unsent() == []
    journal.incidents.announce([Notification("1", "hook", "{}")], NOON)
    assert journal.incidents.due(NOON + timedelta(days=1)) == []


def test_a_notification_that_is_given_up_is_shown(journal: Journal) -> None:
    """Nobody tries it again, and the user can see why."""
    journal.incidents.announce([Notification("1", "hook", "{}")], NOON)
    journal.incidents.give_up(journal.incidents.due(NOON), "410: the channel is closed")
    assert journal.incidents.due(NOON + timedelta(days=1)) == []
    assert Reader(journal.path).unsent() == [("hook", "410: the channel is closed", False)]


def test_the_end_is_not_announced_before_the_beginning(journal: Journal) -> None:
    """On each channel an incident's messages keep their order, however long one is refused."""
    messages = [
        Notification(f"{what}:{channel}", channel, "{}", incident=incident)
        for what, incident in (("begin", "1"), ("end", "1"), ("other", "2"))
        for channel in ("hook", "mail")
    ]
    journal.incidents.announce(messages, NOON)
    due = journal.incidents.due(NOON)
    assert [each.id for each in due] == ["begin:hook", "begin:mail", "other:hook", "other:mail"]
    journal.incidents.postpone([due[0]], NOON + timedelta(hours=1), "503")
    journal.incidents.sent([due[1]], NOON)
    later = [each.id for each in journal.incidents.due(NOON + MINUTE)]
    assert later == ["end:mail", "other:hook", "other:mail"]
    journal.incidents.give_up(journal.incidents.due(NOON + timedelta(hours=1)), "410")
    assert "end:hook" in [each.id for each in journal.incidents.due(NOON + MINUTE)]


def test_the_oldest_notification_is_due_first(journal: Journal) -> None:
    """An opening is announced before its end, also when one look found both."""
    journal.incidents.announce([Notification("3", "hook", "{}")], NOON)
    journal.incidents.announce([Notification(at, "hook", "{}") for at in "21"], NOON + MINUTE)
    journal.incidents.announce([Notification("0", "hook", "{}")], NOON + MINUTE)
    due = journal.incidents.due(NOON + timedelta(hours=1))
    assert [each.id for each in due] == ["3", "2", "1", "0"]
