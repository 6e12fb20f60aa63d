"""The JSON, asked over a real connection."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from dashboards import create_app
from signals import Event, Level, Polarity, Volume, iso
from tests.dashboards import world
from tests.dashboards.journal import Journal, incident, post, this_minute, verdict
from tests.support.browser import served

NAMES = ["C++", "a/b?", 'quoted "x"', "a%2Fb", "🐧 <b>", "x/volumes", "/lead", "a&b=c#d"]


def ask(address: str, path: str, status: int = 200, **query: str) -> Any:
    """Return the JSON at ``path``, which must come with ``status``."""
    answer = httpx.get(address + path, params=query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


@pytest.mark.parametrize("name", NAMES)
def test_a_topic_may_have_any_name(name: str) -> None:
    """Free text goes through the address and back, for the JSON and for the page."""
    at = this_minute() - timedelta(minutes=3)
    journal = Journal(minutes={name: [Volume(at, negative=2, coverage=1.0)], "x": []})
    with served(create_app(journal)) as address:
        [topic, _] = ask(address, "/api/topics")["topics"]
        assert topic["name"] == name
        volumes = ask(address, f"/api/topics/{quote(name, safe='')}/volumes")
        assert volumes["topic"] == name
        assert [volume["negative"] for volume in volumes["volumes"]] == [2]
        assert httpx.get(address + topic["url"]).status_code == 200


def test_topics_tell_how_they_stand(address: str) -> None:
    """Every state of a topic is told, with what is known of it."""
    topics = {topic["name"]: topic for topic in ask(address, "/api/topics")["topics"]}
    assert {name: topic["state"] for name, topic in topics.items()} == {
        world.LIVELY: "confirmed",
        "Fedora": "not watched",
        world.ODD: "possible",
        "Example (simulated)": "quiet",
        world.ARCHIVE: "archive",
        world.WAITING: "waiting",
    }
    assert topics[world.WAITING]["extent"] is None
    assert topics[world.ARCHIVE]["extent"] == {
        "start": "2015-02-17T00:00:00Z",
        "end": "2015-02-25T00:00:00Z",
    }


def test_volumes_are_those_of_the_journal(address: str, two_weeks: Journal) -> None:
    """Each level shows the journal's own numbers, and names the gap."""
    end = this_minute() - timedelta(hours=1)
    start = end - timedelta(hours=20)
    for level in Level:
        told = ask(
            address,
            f"/api/topics/{world.LIVELY}/volumes",
            start=iso(start),
            end=iso(end),
            level=level.name.lower(),
        )
        known = two_weeks.volumes(world.LIVELY, level.floor(start), end, level)
        assert [
            (v["start"], v["negative"], v["positive"], v["total"]) for v in told["volumes"]
        ] == [(iso(v.start), v.negative, v.positive, v.total) for v in known]
        assert (told["level"], told["start"]) == (level.name.lower(), iso(level.floor(start)))
        if level is Level.MINUTE:
            [gap] = told["gaps"]
            starts = [volume["start"] for volume in told["volumes"]]
            assert gap["end"] in starts
            assert not [at for at in starts if gap["start"] <= at < gap["end"]]


def test_verdicts_and_events_are_told() -> None:
    """The band and what may explain the curve come with their fields."""
    at = this_minute() - timedelta(minutes=5)
    journal = Journal(
        minutes={"GitHub": [Volume(at, negative=9, coverage=1.0)]},
        judged={"GitHub": [verdict(at, 9, 1)]},
        spikes=[incident("GitHub", at, None)],
        happenings=[Event("7", "deploy", "v7", at, url="javascript:alert(1)")],
    )
    with served(create_app(journal)) as address:
        [told] = ask(address, "/api/topics/GitHub/verdicts")["verdicts"]
        assert (told["time"], told["observed"], told["state"]) == (iso(at), 9, "confirmed")
        [event] = ask(address, "/api/topics/GitHub/events")["events"]
        assert (event["kind"], event["title"], event["url"]) == ("deploy", "v7", "")
        [spike] = ask(address, "/api/incidents", topic="GitHub")["incidents"]
        assert (spike["phase"], spike["ended"]) == ("confirmed", None)


def test_mentions_are_chosen_by_polarity_and_limit() -> None:
    """The most telling come first; authors and unsafe addresses stay out."""
    at = this_minute() - timedelta(minutes=5)
    posts = [
        post("GitHub", at, "bad", -0.5, url="javascript:alert(1)"),
        post("GitHub", at, "worst", -0.9, url="https://example.org/1"),
        post("GitHub", at, "good", 0.6),
    ]
    journal = Journal(minutes={"GitHub": [Volume(at, 1, 2, coverage=1.0)]}, posts=posts)
    with served(create_app(journal)) as address:
        path = "/api/topics/GitHub/mentions"
        negative = ask(address, path, polarity="negative")["mentions"]
        assert [(m["text"], m["url"]) for m in negative] == [
            ("worst", "https://example.org/1"),
            ("bad", ""),
        ]
        assert "author" not in negative[0]
        assert [m["text"] for m in ask(address, path, polarity="positive")["mentions"]] == ["good"]
        assert len(ask(address, path)["mentions"]) == 3
        assert len(ask(address, path, limit="1")["mentions"]) == 1
        assert ask(address, path, end=iso(at))["mentions"] == []
        start, end = at + timedelta(seconds=1), at + timedelta(days=3)
        assert ask(address, path, start=iso(start), end=iso(end))["mentions"] == []


def test_what_is_unscored_or_a_copy_is_told() -> None:
    """Unscored posts are part of the total and a polarity of their own; copies are marked."""
    at = this_minute() - timedelta(minutes=5)
    unread = replace(post("GitHub", at, "kaputt", 0.0), polarity=Polarity.UNSCORED)
    posts = [unread, replace(post("GitHub", at, "bad", -0.5), copy=True)]
    volume = Volume(at, negative=1, unscored=1, copies=1, coverage=1.0)
    with served(create_app(Journal(minutes={"GitHub": [volume]}, posts=posts))) as address:
        for level in ("minute", "hour"):
            [told] = ask(address, "/api/topics/GitHub/volumes", level=level)["volumes"]
            assert (told["unscored"], told["copies"], told["total"]) == (1, 1, 2)
        [mention] = ask(address, "/api/topics/GitHub/mentions", polarity="unscored")["mentions"]
        assert (mention["text"], mention["polarity"], mention["copy"]) == (
            "kaputt",
            "unscored",
            False,
        )
        [mention] = ask(address, "/api/topics/GitHub/mentions", polarity="negative")["mentions"]
        assert mention["copy"] is True


def test_sources_and_delivery_are_told(address: str) -> None:
    """A sick source says why."""
    sources = {source["source"]: source for source in ask(address, "/api/sources")["sources"]}
    assert sources["hackernews"]["ok"]
    sick = sources["mastodon:fosstodon.org"]
    assert (sick["ok"], sick["kind"]) == (False, "unauthorised")
    assert "login" in sick["reason"]
    assert sources["hackernews"]["missed"] == []
    (gap,) = sick["missed"]
    assert gap["start"] < gap["end"] < sick["tried"]
    assert ask(address, "/api/delivery")["pending"] == 12


@pytest.mark.parametrize(
    ("path", "parameter", "value"),
    [
        ("/api/topics/GitHub/volumes", "start", "yesterday"),
        ("/api/topics/GitHub/volumes", "end", "24.11.2026"),
        ("/api/topics/GitHub/volumes", "level", "week"),
        ("/api/topics/GitHub/verdicts", "level", "second"),
        ("/api/topics/GitHub/events", "start", "2500-01-01"),
        ("/api/topics/GitHub/mentions", "polarity", "angry"),
        ("/api/topics/GitHub/mentions", "limit", "0"),
        ("/api/topics/GitHub/mentions", "limit", "201"),
        ("/api/topics/GitHub/mentions", "limit", "-1"),
        ("/api/topics/GitHub/mentions", "limit", "many"),
        ("/api/topics/GitHub/mentions", "limit", "²"),
        ("/api/incidents", "start", "now"),
    ],
)
def test_a_bad_parameter_is_named(address: str, path: str, parameter: str, value: str) -> None:
    """The answer is 400, names the parameter and says what would do."""
    told = ask(address, path, 400, **{parameter: value})
    assert told["parameter"] == parameter
    assert told["error"].startswith(f"{parameter}: ")


def test_an_unknown_topic_is_not_found(address: str) -> None:
    """404 as JSON with the name; the page says the same in HTML, escaped."""
    name = quote("<script>alert(1)</script>", safe="")
    for path in (f"/api/topics/{name}/volumes", f"/api/incidents?topic={name}"):
        answer = httpx.get(address + path)
        assert answer.status_code == 404
        assert "<script>alert(1)</script>" in answer.json()["error"]
    page = httpx.get(f"{address}/topics/{name}")
    assert page.status_code == 404
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text


def test_only_reading_is_possible(address: str) -> None:
    """A POST is refused as JSON."""
    answer = httpx.post(f"{address}/api/topics")
    assert answer.status_code == 405
    assert answer.json()["error"]


class _Locked(Journal):
    """A journal whose file is locked."""

    def topics(self) -> list[str]:
        """Fail as SQLite does."""
        raise OSError("database is locked, at a path nobody needs to know")


@pytest.mark.parametrize("path", ["/api/topics", "/"])
def test_a_journal_that_cannot_be_read_is_a_500_without_details(path: str) -> None:
    """The reason goes to the log, the person is told where to look; the headers stay strict."""
    with served(create_app(_Locked())) as address:
        answer = httpx.get(address + path)
    assert answer.status_code == 500
    assert "its log says why" in answer.text
    assert "nobody needs to know" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_every_polarity_is_documented_as_it_is_spelt(address: str) -> None:
    """Each spelling in the documentation is accepted."""
    for polarity in Polarity:
        ask(address, "/api/topics/GitHub/mentions", polarity=polarity.value, limit="1")
