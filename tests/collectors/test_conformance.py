"""What every kind of source promises, against a real server, well or badly behaved.

A new kind takes part by its case in ``cases/``.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import socket
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import collectors
from collectors import (
    KINDS,
    Blocked,
    Client,
    Collector,
    Malformed,
    Missing,
    Probe,
    RateLimited,
    SourceError,
    Unauthorised,
    Unreachable,
)
from collectors.html import LONGEST
from signals import Collection
from tests.collectors.cases import CASES, LATER, NOW, ONLINE, Case
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import HTML, JSON, Reply, Web, document, packed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.web import Asked, Route

ROOT = Path(__file__).parents[2]
IMPATIENT = replace(QUICK, total=0.4)
NESTED = b"[" * 200_000 + b"]" * 200_000

Heard = tuple[list[Collection], SourceError | None]

FAULTS: dict[str, tuple[Reply, type[SourceError] | tuple[type[SourceError], ...]]] = {
    "server error": (Reply(status=500), Unreachable),
    "bad gateway with a page": (Reply(b"<html>502</html>", status=502), Unreachable),
    "unavailable for an hour": (Reply(status=503, headers={"Retry-After": "3600"}), Unreachable),
    "cut connection": (Reply(b'{"hits": []}', JSON, sent=5), Unreachable),
    "nothing at all": (Reply(b"{}", JSON, sent=0), Unreachable),
    "cut gzip": (
        Reply(packed(b"[]" * 99).body[:-9], JSON, headers=packed(b"").headers),
        Unreachable,
    ),
    "unauthorised": (Reply(status=401), Unauthorised),
    "forbidden": (Reply(b"<html>Access denied</html>", status=403), Blocked),
    "gone": (Reply(status=410), Missing),
    "not found": (Reply(status=404), Missing),
    "refused as wrong": (document({"error": "This method requires a user"}, status=422), Blocked),
    "limited": (Reply(status=429), RateLimited),
    "limited, in seconds": (Reply(status=429, headers={"Retry-After": "120"}), RateLimited),
    "sent to a login": (Reply(status=302, headers={"Location": "/login/?reason=x"}), Blocked),
    "sent to a file": (Reply(status=302, headers={"Location": "file:///etc/hosts"}), Malformed),
    "sent in circles": (Reply(status=302, headers={"Location": "?again=1"}), Malformed),
    "a login page": (Reply(b"<html><form>Please log in</form></html>"), (Blocked, Malformed)),
    "a page of another site": (Reply(b"<!DOCTYPE html><p>Welcome to nginx"), Malformed),
    "empty": (Reply(b"", JSON), Malformed),
    "an empty page": (Reply(b"", HTML), Malformed),
    "not JSON": (Reply(b"{'hits': []}", JSON), Malformed),
    "cut JSON": (Reply(b'{"hits": [{"objectID": "1"', JSON), Malformed),
    "invalid UTF-8": (Reply(b'{"hits": "\xff\xfe"}', JSON), Malformed),
    "an invalid page": (Reply(b"<table>\xff\xfe</table>", HTML), Malformed),
    "deep nesting": (Reply(NESTED[100_000:-100_000], JSON), Malformed),
    "null": (Reply(b"null", JSON), Malformed),
    "a list of nulls": (Reply(b"[null, null]", JSON), Malformed),
    "hits that are text": (document({"hits": "none", "configuration": []}), Malformed),
    "a number too large": (Reply(b'{"hits": [' + b"9" * 5_000 + b"]}", JSON), Malformed),
    "an encoding nobody asked for": (
        Reply(b"[]", JSON, headers={"Content-Encoding": "br"}),
        Malformed,
    ),
    "a broken gzip": (Reply(b"[]", JSON, headers={"Content-Encoding": "gzip"}), Malformed),
    "a gzip bomb": (packed(b" " * 5_000_000), Malformed),
    "200 megabytes": (Reply(b" " * 1_000_000, JSON, repeats=200), Malformed),
}


async def _listen(
    case: Case, base_url: str, cursor: str | None = None, now: datetime = NOW, **keys: object
) -> Heard:
    async with Client(CONTACT, limits=QUICK) as client:
        return await listen(case.collector(base_url, client, **keys), cursor, now)


def hear(case: Case, base_url: str, cursor: str | None = None, now: datetime = NOW) -> Heard:
    """Collect once with a client of its own."""
    return asyncio.run(_listen(case, base_url, cursor, now))


def assert_unheard(
    heard: Heard, expected: type[SourceError] | tuple[type[SourceError], ...]
) -> None:
    """Assert that a failure is told, as one sentence, and passes for no listening."""
    portions, error = heard
    assert isinstance(error, expected)
    assert str(error)
    assert "\n" not in str(error)
    assert not any(portion.watched for portion in portions)
    assert identities(portions) == set()


@pytest.fixture(params=ONLINE, ids=lambda case: case.kind)
def case(request: pytest.FixtureRequest) -> Case:
    """Return each kind that asks a server."""
    found: Case = request.param
    return found


def test_every_kind_has_a_case() -> None:
    """No kind of source escapes this suite."""
    assert {case.kind for case in CASES} == set(KINDS)


@pytest.mark.parametrize("each", CASES, ids=lambda case: case.kind)
def test_keeps_the_contract(each: Case) -> None:
    """A collector has what the contract promises, and its table names its kind."""
    collector = each.collector("http://127.0.0.1:9", Client(CONTACT))
    assert isinstance(collector, Collector)
    assert isinstance(collector, Probe)
    assert collector.source.startswith(each.kind)
    assert collector.topics <= {topic.name for topic in each.topics}
    assert KINDS[each.kind].table.model_fields["kind"].default == each.kind


def test_imports_without_network() -> None:
    """To import the room asks nobody anything."""
    program = """
import sys
def refuse(event, _):
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo"}:
        sys.exit(event)
sys.addaudithook(refuse)
import collectors
print(len(collectors.KINDS))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == len(collectors.KINDS)


@pytest.mark.parametrize("each", CASES, ids=lambda case: case.kind)
def test_hears_and_resumes(each: Case, web: Web) -> None:
    """The first call hears all there is; the next goes on from its cursor, and repeats ids only."""
    web.routes = each.routes(NOW)
    first, error = hear(each, web.url)
    assert error is None
    assert identities(first) >= each.first
    if each.first:
        assert identities(first) == each.first
    cursor = cursor_of(first)
    assert cursor is not None

    again, error = hear(each, web.url, cursor)
    assert error is None
    assert identities(again) <= identities(first) | each.second

    web.routes = each.routes(LATER)
    later, error = hear(each, web.url, cursor, LATER)
    assert error is None
    assert identities(later) >= each.later
    assert identities(later) != identities(first) or not identities(first)


@pytest.mark.parametrize("each", CASES, ids=lambda case: case.kind)
def test_watched_never_reaches_into_the_future(each: Case, web: Web) -> None:
    """Coverage is of the past, and posts are bounded, printable and not from the future."""
    web.routes = each.routes(NOW)
    portions, _ = hear(each, web.url)
    assert all(span.start < span.end <= NOW for portion in portions for span in portion.watched)
    posts = [post for portion in portions for post in portion.posts]
    assert all(post.time <= NOW and post.text == post.text.strip() for post in posts)
    if posts:
        assert any(portion.watched for portion in portions) is each.watches


@pytest.mark.parametrize("name", FAULTS)
def test_failure_is_never_a_zero(case: Case, web: Web, name: str) -> None:
    """Whatever goes wrong is told as what it is, and no time counts as listened to."""
    reply, expected = FAULTS[name]
    web.otherwise = reply
    web.routes = {"/robots.txt": Reply(b"", "text/plain")}
    if case.streams and reply.status == HTTPStatus.OK:
        expected = (Malformed, Unreachable)  # whatever it is, a stream it is not
    assert_unheard(hear(case, web.url), expected)


@pytest.mark.parametrize("name", ["200 megabytes", "a gzip bomb"])
def test_no_answer_fills_the_memory(case: Case, web: Web, name: str) -> None:
    """However large it is, it is given up once it is too large."""
    web.otherwise, _ = FAULTS[name]
    tracemalloc.start()
    try:
        hear(case, web.url)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


def _rate_limited(style: str, wait: float) -> Callable[[], Reply]:
    """Return what makes a refusal that asks for ``wait`` seconds in a header of this style."""

    def reply() -> Reply:
        now = time.time()
        ahead = now + 3_600
        in_time = datetime.fromtimestamp(now + wait, UTC)
        headers = {
            "seconds": {"Retry-After": str(wait)},
            "date": {"Retry-After": formatdate(math.ceil(now + wait), usegmt=True)},
            "ISO 8601": {"X-RateLimit-Reset": in_time.isoformat().replace("+00:00", "Z")},
            "epoch": {"x-rate-limit-reset": str(math.ceil(now + wait))},
            "left": {"x-ratelimit-reset": str(wait), "x-ratelimit-remaining": "0.0"},
            "an hour ahead": {
                "Date": formatdate(ahead, usegmt=True),
                "X-RateLimit-Reset": str(math.ceil(ahead + wait)),
            },
        }
        return Reply(status=429, headers=headers[style])

    return reply


STYLES = ("seconds", "date", "ISO 8601", "epoch", "left", "an hour ahead")


def test_waits_for_as_long_as_it_is_told(case: Case) -> None:
    """After a 429 in each style nobody asks before the time is over, as the server sees it."""

    async def run() -> None:
        await asyncio.gather(*(_waits(case, _rate_limited(style, 0.4)) for style in STYLES))

    asyncio.run(run())


async def _waits(case: Case, refusal: Callable[[], Reply]) -> None:
    patient = replace(QUICK, patience=4, attempts=3)
    with Web(case.routes(NOW)) as web:
        good, web.routes = web.routes, {"/robots.txt": Reply(b"", "text/plain")}

        def once(_: Asked) -> Reply:
            web.routes |= good
            return refusal()

        web.otherwise = once
        async with Client(CONTACT, limits=patient) as client:
            collector = case.collector(web.url, client)
            portions, error = await listen(collector, None, NOW)
            if error is not None:  # it leaves the next attempt to the service
                portions, error = await listen(collector, None, NOW)
        assert error is None
        assert identities(portions) == case.first
        asked = [each.at for each in web.asked if each.path != "/robots.txt"]
        assert len(asked) > 1
        assert asked[1] - asked[0] > 0.39


def test_waits_when_nothing_is_left(case: Case, web: Web) -> None:
    """An answer that says it was the last one, be it robots.txt, holds back the next request."""
    used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0.4"}
    good = case.routes(NOW)
    web.routes = good | {"/robots.txt": Reply(b"", "text/plain", headers=used_up)}
    portions, error = hear(case, web.url)
    assert error is None
    assert identities(portions) == case.first
    if case.robots:
        assert web.asked[0].path == "/robots.txt"
        assert web.asked[1].at - web.asked[0].at > 0.39


_ENTRY = re.compile(rb"<(entry|item)\b.*?</\1>", re.DOTALL)


def _jumbled(reply: Reply) -> Reply:
    """Return ``reply`` with each item of its lists there twice, and the last one first."""
    if reply.kind == JSON:
        return replace(reply, body=json.dumps(_doubled(json.loads(reply.body))).encode())
    items = [match[0] for match in _ENTRY.finditer(reply.body)]
    if not items:
        return reply
    start, end = reply.body.index(items[0]), reply.body.index(items[-1]) + len(items[-1])
    return replace(
        reply, body=reply.body[:start] + b"".join([*reversed(items), *items]) + reply.body[end:]
    )


def _doubled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _doubled(inner) for key, inner in value.items()}
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return [_doubled(each) for each in [*reversed(value), *value]]
    return value


def test_duplicates_in_any_order(case: Case, web: Web) -> None:
    """What is sent twice, and the newest last, is heard as if it were sent once and in order."""
    web.routes = {path: _then(route, _jumbled) for path, route in case.routes(NOW).items()}
    portions, error = hear(case, web.url)
    assert error is None
    assert identities(portions) == case.first


def _then(route: Route, change: Callable[[Reply], Reply]) -> Route:
    return lambda asked: change(route if isinstance(route, Reply) else route(asked))


def test_a_clock_that_was_set_back(case: Case, web: Web) -> None:
    """A server, or a cursor, from the future: nothing is heard of it, or counts as watched."""
    web.routes = case.routes(NOW)
    first, error = hear(case, web.url)
    assert error is None
    earlier = NOW - timedelta(hours=1)
    for cursor in (None, cursor_of(first)):
        portions, error = hear(case, web.url, cursor, earlier)
        assert error is None
        # A stream runs on, by its own clock.
        present = earlier + timedelta(minutes=1) if case.streams else earlier
        assert all(post.time <= present for each in portions for post in each.posts)
        assert all(span.end <= present for each in portions for span in each.watched)


def test_slow_drip(case: Case, web: Web) -> None:
    """An answer that never ends, though it never pauses for long, is given up."""
    web.routes = {"/robots.txt": Reply(b"", "text/plain")}
    web.otherwise = Reply(b" " * 1_000, JSON, drips=True)

    async def run() -> Heard:
        async with Client(CONTACT, limits=IMPATIENT) as client:
            return await listen(case.collector(web.url, client), None, NOW)

    assert_unheard(asyncio.run(run()), Unreachable)


def test_nobody_there(case: Case) -> None:
    """A closed port is unreachable."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert_unheard(hear(case, f"http://127.0.0.1:{port}"), Unreachable)


def test_probe(case: Case, web: Web) -> None:
    """A probe says in one sentence that all is well, and fails as the collector would."""

    async def run() -> str:
        async with Client(CONTACT, limits=QUICK) as client:
            collector = case.collector(web.url, client)
            assert isinstance(collector, Probe)
            return await collector.probe()

    web.routes = case.routes(NOW) | {"/api/v1/search_by_date": document({"hits": []})}
    assert "reachable" in asyncio.run(run())
    web.routes, web.otherwise = {}, Reply(status=503)
    with pytest.raises(Unreachable):
        asyncio.run(run())


def test_robots_are_obeyed(case: Case, web: Web) -> None:
    """A robots.txt that forbids the address is the only thing that is asked for.

    Whoever gave us a token allowed us to ask, and robots.txt is left alone.
    """
    web.routes = case.routes(NOW) | {
        "/robots.txt": Reply(b"User-agent: *\nDisallow: /", "text/plain")
    }
    heard = hear(case, web.url)
    if case.robots:
        assert_unheard(heard, Blocked)
        assert web.paths() == ["/robots.txt"]
    else:
        assert identities(heard[0]) == case.first
        assert "/robots.txt" not in web.paths()


def test_names_itself(case: Case, web: Web) -> None:
    """Every request, that for robots.txt too, carries the project's name and a contact."""
    web.routes = case.routes(NOW)
    hear(case, web.url)
    agents = {asked.headers["user-agent"] for asked in web.asked}
    assert len(agents) == 1
    assert agents.pop().startswith("hubbub/")
    assert all(CONTACT in asked.headers["user-agent"] for asked in web.asked)
    assert web.paths().count("/robots.txt") == case.robots


@pytest.mark.parametrize(
    "each", [case for case in ONLINE if case.robots], ids=lambda case: case.kind
)
def test_keeps_its_distance(each: Case, web: Web) -> None:
    """The crawl delay of robots.txt lies between any two requests, as the server sees them."""
    web.routes = each.routes(NOW) | {
        "/robots.txt": Reply(b"User-agent: *\nCrawl-delay: 0.1", "text/plain")
    }
    portions, error = hear(each, web.url)
    assert error is None
    assert identities(portions) == each.first
    times = [asked.at for asked in web.asked]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps
    assert min(gaps) > 0.06  # less than a tenth of a second, since the network is late at times


_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.just("x" * 25_000),
    st.just("\ud800"),
    st.just("<p>" * 500),
)
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


def _twisted(value: Any, path: list[int], twist: Any) -> Any:
    """Return ``value`` with the node that ``path`` leads to replaced by ``twist``."""
    if not path or not isinstance(value, dict | list) or not value:
        return twist
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[path[0] % len(keys)]
    changed = _twisted(value[key], path[1:], twist)
    if isinstance(value, dict):
        return {**value, key: changed}
    return [*value[:key], changed, *value[key + 1 :]]


@pytest.mark.parametrize(
    "each", [case for case in ONLINE if case.documents], ids=lambda case: case.kind
)
def test_hostile_documents(each: Case, web: Web) -> None:
    """A document with anything in the place of anything is heard or refused, never a crash."""
    good = each.routes(NOW)
    spoiled: list[str] = []

    @settings(max_examples=60, deadline=None)
    @given(path=st.lists(st.integers(0, 30), max_size=5), twist=_values)
    def check(path: list[int], twist: Any) -> None:
        def spoil(asked: Asked) -> Reply:
            route = good.get(asked.path)
            if route is None:
                return Reply(status=404)
            reply = route if isinstance(route, Reply) else route(asked)
            if reply.kind != JSON:
                return reply
            spoiled.append(asked.path)
            return document(_twisted(json.loads(reply.body), path, twist))

        web.otherwise = spoil
        portions, _ = hear(each, web.url)
        for post in (post for portion in portions for post in portion.posts):
            assert (post.text + post.id + post.author).encode()
            assert len(post.text) <= LONGEST
            assert not post.url or post.url.startswith("http")
        for event in (event for portion in portions for event in portion.events):
            assert (event.title + event.text + event.id).encode()
        assert all(gone.encode() for portion in portions for gone in portion.withdrawn)

    check()
    assert spoiled
