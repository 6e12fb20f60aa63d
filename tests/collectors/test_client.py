"""The shared client: when it asks again, what it keeps, where it follows, whom it tells what."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from collectors import (
    Blocked,
    Client,
    Limits,
    Malformed,
    Missing,
    RateLimited,
    SourceError,
    Unreachable,
)
from collectors.manners import Host, Pace
from collectors.waiting import Quota
from tests.support.collecting import CONTACT, QUICK
from tests.support.web import HTML, JSON, Reply, Web, document, packed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.web import Asked, Route


def json_of(url: str, *, limits: Limits = QUICK, **options: Any) -> object:
    """Ask once, with a client of its own."""

    async def run() -> object:
        async with Client(CONTACT, limits=limits) as client:
            return await client.get_json(url, **options)

    return asyncio.run(run())


def text_of(url: str) -> str:
    """Ask for a page once."""

    async def run() -> str:
        async with Client(CONTACT, limits=QUICK) as client:
            return await client.get_text(url)

    return asyncio.run(run())


def then(*replies: Reply) -> Route:
    """Return a route that gives ``replies`` one after the other, the last one for ever."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize(
    "first",
    [
        Reply(status=500),
        Reply(status=503, headers={"Retry-After": "0.1"}),
        Reply(status=429, headers={"Retry-After": "0.1"}),
        Reply(b"[1, 2]", JSON, sent=3),
    ],
    ids=["server error", "unavailable", "limited", "cut"],
)
def test_passing_failures_are_asked_again(web: Web, first: Reply) -> None:
    """What passes by itself, or after a short wait that was asked for, is no failure."""
    web.routes["/x"] = then(first, document([1]))
    assert json_of(f"{web.url}/x") == [1]
    assert web.paths() == ["/robots.txt", "/x", "/x"]


@pytest.mark.parametrize(
    ("reply", "attempts"),
    [
        (Reply(status=500), 2),
        (Reply(status=403), 1),
        (Reply(status=401), 1),
        (Reply(status=404), 1),
        (Reply(status=429), 1),
        (Reply(status=429, headers={"Retry-After": "3600"}), 1),
        (Reply(status=503, headers={"Retry-After": "3600"}), 1),
        (Reply(b"{", JSON), 1),
    ],
)
def test_how_often_is_asked(web: Web, reply: Reply, attempts: int) -> None:
    """Only what may pass soon is asked again, and not for ever."""
    web.routes["/x"] = reply
    with pytest.raises(SourceError):
        json_of(f"{web.url}/x")
    assert web.paths().count("/x") == attempts


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "header",
    [
        lambda: {"Retry-After": "120"},
        lambda: {"Retry-After": f"{_in(120):%a, %d %b %Y %H:%M:%S GMT}"},
        lambda: {"X-RateLimit-Reset": f"{_in(120):%Y-%m-%dT%H:%M:%S.%fZ}"},
        lambda: {"X-RateLimit-Reset": str(int(_in(120).timestamp()))},
        lambda: {"X-RateLimit-Reset": "120"},
        lambda: {"Retry-After": "120", "X-RateLimit-Reset": "5"},
    ],
    ids=["seconds", "date", "ISO 8601", "epoch", "left", "both"],
)
def test_limits_in_every_style(web: Web, header: Callable[[], dict[str, str]]) -> None:
    """A long wait is passed on, and meanwhile nobody asks that host for anything else."""
    web.routes["/x"] = Reply(status=429, headers=header())
    web.routes["/y"] = document([])

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            with pytest.raises(RateLimited) as caught:
                await client.get_json(f"{web.url}/x")
            assert caught.value.retry_after == pytest.approx(120, abs=5)
            with pytest.raises(RateLimited) as held:
                await client.get_json(f"{web.url}/y")
            assert held.value.retry_after == pytest.approx(120, abs=5)

    asyncio.run(run())
    assert web.paths() == ["/robots.txt", "/x"]


@pytest.mark.parametrize(
    "header",
    [
        lambda: {"X-RateLimit-Reset": f"{_in(120):%Y-%m-%dT%H:%M:%S.%fZ}"},
        lambda: {"X-RateLimit-Reset": "120"},
    ],
    ids=["ISO 8601", "left"],
)
def test_a_success_that_says_it_was_the_last_one_holds_the_host(
    web: Web, header: Callable[[], dict[str, str]]
) -> None:
    """Nobody asks before the reset, so that there is no 429 at all."""
    web.routes["/x"] = document([], headers={"X-RateLimit-Remaining": "0.0", **header()})
    web.routes["/y"] = document([])

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            assert await client.get_json(f"{web.url}/x") == []
            with pytest.raises(RateLimited) as held:
                await client.get_json(f"{web.url}/y")
            assert held.value.retry_after == pytest.approx(120, abs=5)

    asyncio.run(run())
    assert web.paths() == ["/robots.txt", "/x"]


def test_a_403_that_counts_requests_is_a_limit(web: Web) -> None:
    """GitHub answers so when it was asked too often; that is no block."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "120"}
    web.routes["/x"] = Reply(status=403, headers=headers)
    with pytest.raises(RateLimited) as caught:
        json_of(f"{web.url}/x")
    assert caught.value.retry_after == pytest.approx(120, abs=5)


@pytest.mark.parametrize(
    ("door", "asked"),
    [
        (Reply(status=403), 2),
        (Reply(b"<html><h1>Just a moment...</h1>"), 1),
        (Reply(status=302, headers={"Location": "/login"}), 1),
    ],
    ids=["403", "challenge", "login"],
)
def test_a_host_that_blocks_is_asked_no_more(web: Web, door: Reply, asked: int) -> None:
    """Not for anything, by nobody; but whom it knows by a token it may answer."""
    web.routes |= {"/x": door, "/y": document("well")}

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            for _ in range(4):
                with pytest.raises(Blocked):
                    await client.get_json(f"{web.url}/x")
            with pytest.raises(
                Blocked, match=r"has blocked us since .* left alone until"
            ) as caught:
                await client.get_json(f"{web.url}/y")
            assert caught.value.retry_after == pytest.approx(3_600, abs=5)
            token = "s3cret"  # noqa: S105 - made up
            assert await client.get_json(f"{web.url}/y", token=token) == "well"
            with pytest.raises(Blocked):
                await client.get_json(f"{web.url}/y")

    asyncio.run(run())
    assert web.paths() == ["/robots.txt", *["/x"] * asked, "/y"]


def test_a_token_without_the_right_blocks_no_stranger(web: Web) -> None:
    """What a host refuses to one whom it knows, it may give to everybody else."""
    web.routes |= {"/x": Reply(status=403), "/y": document("well")}
    token = "s3cret"  # noqa: S105 - made up

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            for _ in range(3):
                with pytest.raises(Blocked):
                    await client.get_json(f"{web.url}/x", token=token)
            assert await client.get_json(f"{web.url}/y") == "well"

    asyncio.run(run())
    assert web.paths() == ["/x", "/x", "/robots.txt", "/y"]


def test_a_witness_knows_whom_its_own_task_asked(web: Web) -> None:
    """And how fast they may be asked; others ask at the same time."""
    web.routes |= {
        "/robots.txt": Reply(b"User-agent: *\nCrawl-delay: 0.1", "text/plain"),
        "/x": document([], headers={"X-RateLimit-Remaining": "7", "X-RateLimit-Limit": "9"}),
    }
    with Web({"/x": document([])}) as other:

        async def ask(client: Client, url: str) -> list[Host]:
            with client.witness() as hosts:
                await client.get_json(f"{url}/x", spacing=0.05)
            return hosts

        async def run() -> tuple[list[Host], list[Host]]:
            async with Client(CONTACT, limits=QUICK) as client:
                return await asyncio.gather(ask(client, web.url), ask(client, other.url))

        (one,), (two,) = asyncio.run(run())
    assert one.pace == Pace(spacing=0.1, crawl_delay=0.1, quota=Quota(7.0, 9.0))
    assert two.pace == Pace(spacing=0.05, crawl_delay=0.0, quota=None)


def test_reset_header_is_no_wait_without_a_429(web: Web) -> None:
    """Mastodon sends its reset time with every answer; a server error is still asked again."""
    web.routes["/x"] = then(
        Reply(status=502, headers={"X-RateLimit-Reset": "300"}), document("well")
    )
    assert json_of(f"{web.url}/x") == "well"


def test_robots_are_read_once(web: Web) -> None:
    """One robots.txt serves all requests of a day, also those at the same time."""
    web.routes |= {"/x": document(1), "/y": document(2)}

    async def run() -> list[object]:
        async with Client(CONTACT, limits=QUICK) as client:
            paths = ("/x", "/y", "/x")
            return list(await asyncio.gather(*(client.get_json(web.url + path) for path in paths)))

    assert asyncio.run(run()) == [1, 2, 1]
    assert web.paths().count("/robots.txt") == 1
    assert web.paths()[0] == "/robots.txt"


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
def test_robots_that_are_not_there_allow(web: Web, status: int) -> None:
    """RFC 9309 section 2.3.1.3: with a client error anything may be asked for."""
    web.routes |= {"/robots.txt": Reply(status=status), "/x": document(1)}
    assert json_of(f"{web.url}/x") == 1


@pytest.mark.parametrize(
    ("robots", "expected"),
    [(Reply(status=500), Unreachable), (Reply(status=429), RateLimited)],
    ids=["server error", "limited"],
)
def test_robots_that_cannot_be_had_forbid(
    web: Web, robots: Reply, expected: type[SourceError]
) -> None:
    """RFC 9309 section 2.3.1.4: while the rules are unknown nothing may be asked for."""
    web.routes |= {"/robots.txt": robots, "/x": document(1)}
    with pytest.raises(expected, match="robots"):
        json_of(f"{web.url}/x")
    assert "/x" not in web.paths()


def test_robots_hold_for_redirects_too(web: Web) -> None:
    """A redirect to a forbidden address is not followed."""
    web.routes |= {
        "/robots.txt": Reply(b"User-agent: *\nDisallow: /private", "text/plain"),
        "/x": Reply(status=301, headers={"Location": "/private"}),
        "/private": document(1),
    }
    with pytest.raises(Blocked, match=r"robots\.txt"):
        json_of(f"{web.url}/x")
    assert "/private" not in web.paths()


def test_redirects_are_followed_within_reason(web: Web) -> None:
    """A few redirects lead to the answer, more than allowed do not."""
    hops = {f"/{at}": Reply(status=302, headers={"Location": f"/{at + 1}"}) for at in range(9)}
    web.routes |= {**hops, "/9": document("there")}
    assert json_of(f"{web.url}/5") == "there"
    with pytest.raises(Malformed, match="without end"):
        json_of(f"{web.url}/1")


def test_token_stays_with_its_host(web: Web) -> None:
    """A redirect to another origin does not take the token along; robots.txt rules there again."""
    with Web({"/there": document("ok")}) as other:
        web.routes["/here"] = Reply(status=302, headers={"Location": f"{other.url}/there"})
        assert json_of(f"{web.url}/here", token="s3cret") == "ok"  # noqa: S106 - made up
        sent = [(asked.path, asked.headers.get("authorization")) for asked in web.asked]
        assert sent == [("/here", "Bearer s3cret")]
        sent = [(asked.path, asked.headers.get("authorization")) for asked in other.asked]
        assert sent == [("/robots.txt", None), ("/there", None)]


def test_posts_forms_and_documents(web: Web) -> None:
    """A login is sent as asked, and only its answer comes back."""
    web.routes["/token"] = document({"access_token": "t"})

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            url = f"{web.url}/token"
            login = ("me", "secret")
            assert await client.post(url, form={"a": "b c"}, login=login) == {"access_token": "t"}
            await client.post(url, document={"x": 1}, token="s3cret")  # noqa: S106 - made up

    asyncio.run(run())
    form, sent = web.asked
    assert (form.method, form.body) == ("POST", b"a=b+c")
    assert form.headers["authorization"] == "Basic bWU6c2VjcmV0"
    assert (sent.method, json.loads(sent.body)) == ("POST", {"x": 1})
    assert sent.headers["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(b'\xef\xbb\xbf<?xml version="1.0"?><rss/>', "application/rss+xml"), None),
        (Reply(b"<feed/>", "text/plain"), None),
        (Reply(b"<!DOCTYPE html><title>Log in</title>"), Blocked),
        (Reply(b"<html>Welcome", "application/xml"), Malformed),
        (Reply(b'{"not": "a feed"}', JSON), Malformed),
        (Reply(b"", "application/xml"), Malformed),
    ],
)
def test_a_feed_is_xml(web: Web, reply: Reply, expected: type[SourceError] | None) -> None:
    """What is no feed is told apart, whatever it calls itself."""
    web.routes["/feed"] = reply

    async def run() -> bytes:
        async with Client(CONTACT, limits=QUICK) as client:
            return (await client.get_feed(f"{web.url}/feed")).body

    if expected is None:
        assert asyncio.run(run()) == reply.body
    else:
        with pytest.raises(expected):
            asyncio.run(run())


def test_an_operator_may_read_feeds_where_robots_are_turned_away(web: Web) -> None:
    """robots.txt forbids a feed, unless the operator says that it does not apply."""
    web.routes["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /", "text/plain")
    web.routes["/feed"] = Reply(b"<rss/>", "text/xml")

    async def run(*, robots: bool) -> bytes:
        async with Client(CONTACT, limits=QUICK) as client:
            return (await client.get_feed(f"{web.url}/feed", robots=robots)).body

    with pytest.raises(Blocked, match="forbids"):
        asyncio.run(run(robots=True))
    assert asyncio.run(run(robots=False)) == b"<rss/>"


def test_errors_keep_secrets(web: Web) -> None:
    """Neither a query nor a token shows up in an error."""
    web.routes["/x"] = Reply(status=403)
    with pytest.raises(Blocked) as caught:
        json_of(f"{web.url}/x", params={"key": "hidden"}, token="s3cret")  # noqa: S106 - made up
    assert str(caught.value) == "127.0.0.1/x: answered 403 Forbidden"


def _tagged(asked: Asked) -> Reply:
    if asked.headers.get("if-none-match") == '"v1"':
        return Reply(status=304, headers={"ETag": '"v1"'})
    headers = {"ETag": '"v1"', "Cache-Control": "max-age=3600"}
    return replace(packed(b'"kept"'), headers=headers | {"Content-Encoding": "gzip"})


def test_kept_answers_are_revalidated(web: Web) -> None:
    """What is worth keeping is asked for each time, but sent only once; polls are never kept."""
    web.routes["/x"] = _tagged

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            for keep in (True, True, False, True):
                assert await client.get_json(f"{web.url}/x", keep=keep) == "kept"

    asyncio.run(run())
    asked = [each.headers.get("if-none-match") for each in web.asked if each.path == "/x"]
    assert asked == [None, '"v1"', None, '"v1"']


def test_kept_answers_hide_no_failure(web: Web) -> None:
    """What is kept never stands in for a server that fails or refuses."""
    web.routes["/x"] = _tagged

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            await client.get_json(f"{web.url}/x", keep=True)
            for status, expected in ((500, Unreachable), (403, Blocked), (404, Missing)):
                web.routes["/x"] = Reply(status=status)
                with pytest.raises(expected):
                    await client.get_json(f"{web.url}/x", keep=True)

    asyncio.run(run())


def test_kept_in_a_file(web: Web, tmp_path: Path) -> None:
    """A file keeps answers over a restart, and nothing else appears beside it."""
    web.routes["/x"] = _tagged
    path = tmp_path / "answers.db"

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK, cache=path) as client:
            assert await client.get_json(f"{web.url}/x", keep=True) == "kept"

    asyncio.run(run())
    asyncio.run(run())
    assert [each.headers.get("if-none-match") for each in web.asked if each.path == "/x"] == [
        None,
        '"v1"',
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["answers.db"]


def test_pages_in_their_character_set(web: Web) -> None:
    """A page is read in the character set that its server states, or as UTF-8."""
    web.routes |= {
        "/latin": Reply("Adélie".encode("latin-1"), "text/html; charset=iso-8859-1"),
        "/utf8": Reply("Adélie".encode(), "text/html"),
        "/unknown": Reply(b"x", "text/html; charset=klingon"),
        "/wrong": Reply("Adélie".encode("latin-1"), HTML),
        "/picture": Reply(b"\x89PNG", "image/png"),
    }
    assert text_of(f"{web.url}/latin") == text_of(f"{web.url}/utf8") == "Adélie"
    for path in ("/unknown", "/wrong", "/picture"):
        with pytest.raises(Malformed):
            text_of(web.url + path)


def test_json_with_a_byte_order_mark(web: Web) -> None:
    """A byte order mark, and a type that is not quite JSON, do no harm."""
    web.routes["/x"] = Reply(b"\xef\xbb\xbf[1]", "text/plain")
    assert json_of(f"{web.url}/x") == [1]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"<html><h1>Just a moment...</h1>", Blocked),
        (b"<html><form action='/login'>", Blocked),
        (b"Please log in first.", Blocked),
        (b"<html><h1>It works!</h1>", Malformed),
    ],
)
def test_a_page_instead_of_json(web: Web, page: bytes, expected: type[SourceError]) -> None:
    """A login or challenge page is a refusal, another page a changed address."""
    web.routes["/x"] = Reply(page)
    with pytest.raises(expected):
        json_of(f"{web.url}/x")


def test_any_contact_can_be_sent(web: Web) -> None:
    """A contact in any script, even over two lines, makes a valid header."""
    web.routes["/x"] = document(1)

    async def run() -> None:
        async with Client("Zoë\r\nX-Evil: 1", limits=QUICK) as client:
            await client.get_json(f"{web.url}/x")

    asyncio.run(run())
    assert all("x-evil" not in asked.headers for asked in web.asked)


def test_check_asks_for_robots_only(web: Web) -> None:
    """To see whether an address is allowed costs its host one small request."""

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            await client.check(f"{web.url}/x")

    asyncio.run(run())
    assert web.paths() == ["/robots.txt"]


def test_proxy_from_the_environment(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a company's proxy hubbub asks through it, as other programs do."""
    monkeypatch.setenv("HTTP_PROXY", web.url)
    web.routes["/x"] = document("by proxy")
    for keep in (True, False):
        assert json_of("http://nowhere.invalid/x", keep=keep) == "by proxy"
    assert {asked.headers["host"] for asked in web.asked} == {"nowhere.invalid"}


@pytest.mark.parametrize("location", ["http://[::1", "http://", "\x7f", "https:///x", "//"])
def test_redirects_to_nowhere(web: Web, location: str) -> None:
    """A broken address in a redirect is an error like others."""
    web.routes["/x"] = Reply(status=302, headers={"Location": location})
    with pytest.raises(SourceError):
        json_of(f"{web.url}/x")


def test_bounds_of_a_body(web: Web) -> None:
    """What arrives and what it unpacks to are bounded each on its own."""
    web.routes |= {
        "/plain": document("x" * 350_000),
        "/packed": packed(b'"' + b"x" * 450_000 + b'"'),
        "/fits": packed(b'"' + b"x" * 350_000 + b'"'),
    }
    with pytest.raises(Malformed, match=r"more than 300,000 bytes$"):
        json_of(f"{web.url}/plain")
    with pytest.raises(Malformed, match="more than 400,000 bytes once unpacked"):
        json_of(f"{web.url}/packed")
    assert json_of(f"{web.url}/fits") == "x" * 350_000


def test_a_bomb_is_never_in_memory(web: Web) -> None:
    """A body that would unpack to 60 megabytes is given up before it does."""
    web.routes["/x"] = packed(b"0" * 60_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(Malformed, match="unpacked"):
            json_of(f"{web.url}/x")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000
