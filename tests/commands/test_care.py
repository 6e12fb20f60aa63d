"""``hubbub incidents ack`` and ``snooze``, and ``hubbub maintenance``, beside a running service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import settings
from pipeline import SpikeWatch
from signals import Step
from storage import Journal, Reader
from tests.support.worlds import DAY, HOUR, MINUTE, TOPIC, hear, outage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Hubbub

START = datetime.now(UTC).replace(second=0, microsecond=0) - HOUR


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a journal with an open incident."""
    path = tmp_path / "hubbub.db"
    with Journal(path) as journal:
        hear(journal, START - 3 * DAY, START + HOUR, outage(START, START + HOUR))
        SpikeWatch(settings.Detection(), journal, Reader(path), (), "").look(TOPIC, START + HOUR)
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration with a topic and a channel that is told everything."""
    path = tmp_path / "hubbub.toml"
    path.write_text(
        f'[[topics]]\nname = "{TOPIC}"\nany = ["github"]\n'
        '[[channels]]\nkind = "webhook"\nname = "ops"\nurl = "http://127.0.0.1:9/"\n'
        'steps = ["acknowledged", "snoozed"]\n'
    )
    return path


def test_acknowledging_is_recorded_and_told(hubbub: Hubbub, store: Path, config: Path) -> None:
    """As a step of its own, to the channels that want it; the incident stands as it stood."""
    (incident,) = Reader(store).incidents()
    where = ("--config", config, "--store", store)
    ended = hubbub("incidents", "ack", incident.id, "--note", "Ada is on it", *where)
    assert ended.out == f"{TOPIC}: acknowledged until its end: Ada is on it\n"
    assert Reader(store).incidents() == [incident]
    last = Reader(store).records(incident.id)[-1]
    assert (last.step, last.until, last.told) == (Step.ACKNOWLEDGED, None, True)
    with Journal(store) as journal:
        (message,) = journal.incidents.due(datetime.now(UTC))
    assert (message.channel, message.incident) == ("ops", incident.id)


def test_a_snooze_silences_the_running_service(hubbub: Hubbub, store: Path, config: Path) -> None:
    """It ends by itself."""
    (incident,) = Reader(store).incidents()
    where = ("--config", config, "--store", store)
    ended = hubbub("incidents", "snooze", incident.id, "--for", "2h", *where, "--json")
    assert ended.document["step"] == "snoozed"
    until = Reader(store).records(incident.id)[-1].until
    assert until is not None
    assert HOUR < until - datetime.now(UTC) <= 2 * HOUR


def test_what_is_over_or_unknown_cannot_be_acknowledged(
    hubbub: Hubbub, store: Path, config: Path
) -> None:
    """The error says so."""
    where = ("--config", config, "--store", store)
    assert "no incident has the id nosuch" in hubbub("incidents", "ack", "nosuch", *where).err
    with Journal(store) as journal:
        hear(journal, START + HOUR, START + 3 * HOUR)
        watch = SpikeWatch(settings.Detection(), journal, Reader(store), (), "")
        watch.look(TOPIC, START + 3 * HOUR)
    (incident,) = Reader(store).incidents()
    ended = hubbub("incidents", "ack", incident.id, *where)
    assert ended.code == 1
    assert "is over" in ended.err


def test_maintenance_from_beginning_to_end(hubbub: Hubbub, store: Path, config: Path) -> None:
    """It is listed while it is on, and ends by itself or by command."""
    where = ("--config", config, "--store", store)
    added = hubbub("maintenance", "add", "--for", "2h", "--topic", TOPIC, *where, "--json")
    number = added.document["id"]
    listed = hubbub("maintenance", "list", *where, "--json").document
    assert [(each["id"], each["topic"]) for each in listed] == [(number, TOPIC)]
    with Journal(store) as journal:
        now = datetime.now(UTC)
        assert journal.maintenance.is_on(TOPIC, now)
        assert not journal.maintenance.is_on("another", now)
        assert not journal.maintenance.is_on(None, now)
        assert not journal.maintenance.is_on(TOPIC, now + 2 * HOUR + MINUTE)
    assert hubbub("maintenance", "end", str(number), *where).code == 0
    assert hubbub("maintenance", "list", *where).out == "no maintenance\n"
    again = hubbub("maintenance", "end", str(number), *where)
    assert again.code == 1
    assert f"no maintenance {number} is on" in again.err


def test_maintenance_of_an_unknown_topic_is_an_error(
    hubbub: Hubbub, store: Path, config: Path
) -> None:
    """It suggests the right one."""
    arguments = ("maintenance", "add", "--for", "2h", "--topic", "GitHab")
    ended = hubbub(*arguments, "--config", config, "--store", store)
    assert ended.code == 2
    assert "did you mean GitHub?" in ended.complaint
    wrong = hubbub("maintenance", "add", "--for", "soon", "--config", config, "--store", store)
    assert wrong.code == 2
    assert "is no duration" in wrong.complaint


def test_a_week_has_its_window() -> None:
    """Across midnight as well, in UTC."""
    sunday = datetime(2026, 11, 29, tzinfo=UTC)
    window = settings.Maintenance(weekly="sat 23:00-01:00")
    on = [
        minutes
        for minutes in range(-120, 120, 30)
        if window.covers(TOPIC, sunday + minutes * MINUTE)
    ]
    assert on == [-60, -30, 0, 30]
    assert not settings.Maintenance(weekly="sat 23:00-01:00", topics=("x",)).covers(TOPIC, sunday)
    assert settings.Maintenance(start=sunday, end=sunday + timedelta(hours=1)).covers(None, sunday)
