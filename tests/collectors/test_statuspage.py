"""Status pages: which time counts, what is asked when, and which components matter."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from collectors import Client, Malformed, Missing, SourceError, Unreachable
from collectors.statuspage import Statuspage, StatuspageSource
from signals import Collection, Event, Topic
from tests.collectors.cases import NOW, RECORDED
from tests.collectors.cases.statuspage import PAGE, payload, serving
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import Reply, Web

if TYPE_CHECKING:
    from collections.abc import Iterator

SUMMARY = "/api/v2/summary.json"
INCIDENTS = "/api/v2/incidents.json"
MAINTENANCES = "/api/v2/scheduled-maintenances.json"

Heard = tuple[list[Collection], SourceError | None]


@pytest.fixture
def web() -> Iterator[Web]:
    """Return the page of the payloads."""
    answers = (payload(name) for name in ("summary", "incidents", "maintenances"))
    with Web(serving(*answers)) as server:
        yield server


def hear(web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any) -> Heard:
    """Collect once."""

    async def run() -> Heard:
        async with Client(CONTACT, limits=QUICK) as client:
            table = StatuspageSource(base_url=web.url, topic="Forgebox", **keys)
            return await listen(Statuspage(table, client, [Topic("Forgebox")]), cursor, now)

    return asyncio.run(run())


def events_of(heard: Heard) -> dict[str, Event]:
    """Return the events by the last part of their ids."""
    portions, error = heard
    assert error is None
    return {event.id.rpartition("/")[2]: event for each in portions for event in each.events}


def test_an_incident(web: Web) -> None:
    """It has the page's and its own id, its latest state, and the address to read on."""
    assert events_of(hear(web))["inc00000open"] == Event(
        id=f"{PAGE}/inc00000open",
        kind="status",
        title="Pushes are failing",
        time=datetime(2026, 11, 24, 12, 10, 0, 498_000, UTC),
        topic="Forgebox",
        text="identified, impact major\nA full disk & nothing else. We are clearing it.",
        url="https://stspg.example/open",
        end=None,
    )


def test_the_time_is_that_of_the_first_official_post(web: Web) -> None:
    """Neither the resolution, nor a start that was written later, nor the page's own time zone."""
    event = events_of(hear(web))["inc00000done"]
    assert event.time == datetime(2026, 11, 20, 7, 2, 11, 50_000, UTC)
    assert event.end == datetime(2026, 11, 20, 8, 47, 30, tzinfo=UTC)
    assert events_of(hear(web))["inc00000open"].time > datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_an_incident_that_was_only_noted_afterwards(web: Web) -> None:
    """Without any post it began when it was made; without an address, the page has to do."""
    event = events_of(hear(web))["inc000silent"]
    assert event.time == event.end == datetime(2026, 11, 11, 10, tzinfo=UTC)
    assert event.url == "https://status.forgebox.example"
    assert event.text == "resolved, impact none"


def test_a_maintenance(web: Web) -> None:
    """It is another kind of event, from when it was said to have begun until it was over."""
    event = events_of(hear(web))["mnt00000done"]
    assert event.kind == "maintenance"
    assert event.time == datetime(2026, 11, 18, 22, 4, tzinfo=UTC)
    assert event.end == datetime(2026, 11, 18, 22, 50, tzinfo=UTC)
    assert event.text == "completed, impact maintenance\nThe new runners are in use."


def test_a_maintenance_is_none_before_it_begins(web: Web) -> None:
    """A plan may be moved or called off; once it is carried out, its end is the planned one."""
    portions, _ = hear(web)
    assert f"{PAGE}/mnt000future" not in identities(portions)
    started = payload("maintenances")
    started["scheduled_maintenances"][1]["status"] = "in_progress"
    summary = payload("summary") | {"scheduled_maintenances": started["scheduled_maintenances"][1:]}
    web.routes |= serving(summary, payload("incidents"), started)
    later = datetime(2026, 11, 28, 22, 1, tzinfo=UTC)
    event = events_of(hear(web, cursor_of(portions), later))["mnt000future"]
    assert event.time == datetime(2026, 11, 28, 22, tzinfo=UTC)
    assert event.end == datetime(2026, 11, 28, 23, 30, tzinfo=UTC)


def test_no_event_ends_before_it_begins(web: Web) -> None:
    """Times that contradict each other make an event without length."""
    changed = payload("maintenances")
    changed["scheduled_maintenances"][0]["resolved_at"] = "2026-11-18T21:00:00.000Z"
    web.routes |= serving(payload("summary"), payload("incidents"), changed)
    event = events_of(hear(web))["mnt00000done"]
    assert event.end == event.time


def test_the_lists_are_asked_for_on_change_only(web: Web) -> None:
    """While the summary stays what it was, it is all that is asked for."""
    portions, _ = hear(web)
    web.asked.clear()
    again, error = hear(web, cursor_of(portions))
    assert error is None
    assert web.paths() == ["/robots.txt", SUMMARY]
    assert identities(again) == set()
    assert cursor_of(again) == cursor_of(portions)


def test_an_update_is_told_again(web: Web) -> None:
    """A resolution changes the summary, since open incidents are there only, and then the event."""
    cursor = cursor_of(hear(web)[0])
    summary, incidents = payload("summary"), payload("incidents")
    summary["incidents"] = []
    resolved = {
        "id": "upd000000003",
        "status": "resolved",
        "body": "Pushes work.",
        "created_at": "2026-11-24T12:58:00.000Z",
    }
    incidents["incidents"][0] |= {"status": "resolved", "resolved_at": resolved["created_at"]}
    incidents["incidents"][0]["incident_updates"].insert(0, resolved)
    web.routes |= serving(summary, incidents, payload("maintenances"))
    event = events_of(hear(web, cursor))["inc00000open"]
    assert event.id == f"{PAGE}/inc00000open"
    assert event.time == datetime(2026, 11, 24, 12, 10, 0, 498_000, UTC)
    assert event.end == datetime(2026, 11, 24, 12, 58, tzinfo=UTC)
    assert event.text == "resolved, impact major\nPushes work."


def test_a_failure_at_a_list_is_made_up_for(web: Web) -> None:
    """The state of the page counts as known only once its events were had."""
    good = web.routes[INCIDENTS]
    web.routes[INCIDENTS] = Reply(status=500)
    portions, error = hear(web)
    assert isinstance(error, Unreachable)
    assert portions == []
    web.routes[INCIDENTS] = good
    assert "inc00000open" in events_of(hear(web, cursor_of(portions)))


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        (["Runners"], {"inc00000done", "inc000silent", "mnt00000done"}),
        (["cmp000000git"], {"inc00000open", "inc000silent", "mnt00000done"}),
        (["Code"], {"inc00000open", "inc000silent", "mnt00000done"}),
        (["Code", "Runners"], {"inc00000open", "inc00000done", "inc000silent", "mnt00000done"}),
    ],
)
def test_components(web: Web, components: list[str], expected: set[str]) -> None:
    """Only what concerns them, their group included, or what names no component at all."""
    assert events_of(hear(web, components=components)).keys() == expected


def test_a_component_that_was_repaired(web: Web) -> None:
    """What an earlier update named still counts, though the incident names it no longer."""
    incidents = payload("incidents")
    incidents["incidents"][0]["components"] = []
    web.routes |= serving(payload("summary"), incidents, payload("maintenances"))
    assert "inc00000open" in events_of(hear(web, components=["Git Operations"]))
    assert "inc00000open" not in events_of(hear(web, components=["Runners"]))


def test_a_component_that_does_not_exist(web: Web) -> None:
    """A misspelt component is told, since nothing would ever be heard of it."""
    portions, error = hear(web, components=["Runner"])
    assert isinstance(error, Missing)
    assert "no component 'Runner'; did you mean Runners?" in str(error)
    assert portions == []


def test_a_topic_that_does_not_exist() -> None:
    """The events must belong to a topic."""
    table = StatuspageSource(base_url="https://status.example", topic="Forgebx")
    with pytest.raises(ValueError, match=r"topic: 'Forgebx' .*did you mean Forgebox\?"):
        Statuspage(table, Client(CONTACT), [Topic("Forgebox")])


def test_name_and_topics() -> None:
    """The page names the source; it brings no posts, so it listens for no topic."""
    table = StatuspageSource(base_url="https://a:b@status.example:8443/", topic="Forgebox")
    collector = Statuspage(table, Client(CONTACT), [Topic("Forgebox"), Topic("Mint")])
    assert collector.source == "statuspage:status.example:8443"
    assert collector.topics == frozenset()


def test_odd_incidents(web: Web) -> None:
    """One of another shape is left out; if most are, the page is not understood."""
    incidents = payload("incidents")
    del incidents["incidents"][0]["created_at"]
    web.routes |= serving(payload("summary"), incidents, payload("maintenances"))
    assert len(events_of(hear(web))) == 3
    incidents["incidents"] = [{"id": "x"}] * 9
    web.routes |= serving(payload("summary"), incidents, payload("maintenances"))
    assert isinstance(hear(web)[1], Malformed)


def test_a_clock_ahead_of_ours(web: Web) -> None:
    """An incident from the future began now."""
    early = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert events_of(hear(web, now=early))["inc00000open"].time == early


needs_recorded = pytest.mark.skipif(
    not RECORDED.exists(), reason="recorded answers are not beside this checkout"
)


@needs_recorded
def test_recorded_answers(web: Web) -> None:
    """Real answers of GitHub's page are read whole."""
    folder = RECORDED / "status"
    summary = json.loads((folder / "githubstatus__summary_2019-12-30.json").read_text())
    incidents = json.loads((folder / "githubstatus__incidents_2024-09-17.json").read_text())
    web.routes |= serving(summary, incidents, {"scheduled_maintenances": []})
    events = events_of(hear(web, now=datetime(2024, 9, 18, tzinfo=UTC)))
    assert events.keys() == {each["id"] for each in incidents["incidents"]}
    event = events["69sb0f8lydp4"]
    assert event.id == "kctbh9vrtdwd/69sb0f8lydp4"
    assert event.time == datetime(2024, 9, 16, 21, 31, 2, 798_000, UTC)
    assert event.end == datetime(2024, 9, 16, 22, 8, 39, 333_000, UTC)
    assert event.title == "Incident with Pages and Actions"


def as_statuspage(recorded: dict[str, Any]) -> dict[str, Any]:
    """Return a recorded incident of another archive in the shape of the API."""
    updates = [
        {"status": each["status"], "created_at": each["at"], "body": each["message"]}
        for each in reversed(recorded["updates"])
    ]
    return {
        "id": recorded["url"].rpartition("/")[2],
        "name": recorded["title"],
        "status": "resolved",
        "impact": recorded["impact"] or "none",
        "created_at": recorded["started_at"] or recorded["published_at"],
        "resolved_at": recorded["resolved_at"],
        "incident_updates": updates,
    }


@needs_recorded
def test_recorded_times_are_not_those_of_the_resolution(web: Web) -> None:
    """Over real incidents the event comes long before the time that the page's feed gives."""
    folder = RECORDED / "status"
    lines = (folder / "github-incidents-2022-2026.jsonl").read_text().splitlines()
    known = {line["url"].rpartition("/")[2]: line for line in map(json.loads, lines)}
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ET.parse(folder / "github-history.atom")  # noqa: S314 - a recorded file
    published = {
        str(link.get("href")).rpartition("/")[2]: datetime.fromisoformat(str(time.text))
        for entry in feed.iter(f"{atom}entry")
        if (link := entry.find(f"{atom}link")) is not None
        and (time := entry.find(f"{atom}published")) is not None
    }
    shared = [name for name in published if name in known and known[name]["updates"]]
    assert len(shared) >= 20
    answer = {"incidents": [as_statuspage(known[name]) for name in shared]}
    web.routes |= serving(payload("summary"), answer, payload("maintenances"))
    events = events_of(hear(web))
    for name in shared:
        first = min(datetime.fromisoformat(each["at"]) for each in known[name]["updates"])
        assert events[name].time == first
    later = [published[name] - events[name].time for name in shared]
    assert sum(gap > timedelta(minutes=10) for gap in later) > 0.8 * len(later)
