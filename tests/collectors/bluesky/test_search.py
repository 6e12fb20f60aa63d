"""The search for what the hosts have forgotten: logins, pages, and what comes of failures."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from collectors import Client, Unauthorised
from collectors.bluesky import Bluesky, BlueskySource
from collectors.bluesky.hearing import Cursor, instant, micros
from collectors.bluesky.search import queries
from signals import Query, Topic, iso
from tests.collectors.cases import NOW
from tests.collectors.cases.bluesky import AT, TOPIC, created
from tests.support.collecting import CONTACT, QUICK, identities, listen
from tests.support.firehose import Firehose, say
from tests.support.web import Reply, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collectors import SourceError
    from signals import Collection
    from tests.support.web import Asked, Web

DAY = timedelta(days=1)
ADA = "did:plc:ada1ada1ada1ada1ada1ada1"
CREATE = "/xrpc/com.atproto.server.createSession"
REFRESH = "/xrpc/com.atproto.server.refreshSession"
SEARCH = "/xrpc/app.bsky.feed.searchPosts"
PASSWORD = "abcd-efgh-ijkl-mnop"  # noqa: S105 - made up

Heard = tuple[list["Collection"], "SourceError | None"]


def view(rkey: str, text: str, **more: Any) -> dict[str, Any]:
    """Return a post as the search shows it."""
    return {
        "uri": f"at://{ADA}/app.bsky.feed.post/{rkey}",
        "cid": "bafyreicid",
        "author": {"did": ADA, "handle": "ada.example"},
        "record": {"$type": "app.bsky.feed.post", "text": text, "langs": ["en"]},
        "indexedAt": iso(NOW - 2 * DAY),
        **more,
    }


def pages(asked: Asked) -> Reply:
    """Answer with two pages, of which the second is the last."""
    if "cursor" not in asked.query:
        first = [view("3one", "forgebox is down"), view("3two", "another box of another forge")]
        return document({"posts": first, "cursor": "100", "hitsTotal": 3})
    return document({"posts": [view("3three", "Forgebox works again")]})


@pytest.fixture
def pds(web: Web) -> Web:
    """Return an account's server."""
    tokens = {"accessJwt": "access", "refreshJwt": "refresh", "did": ADA, "handle": "me.example"}
    web.routes = {
        CREATE: document(tokens),
        REFRESH: document(tokens | {"accessJwt": "access2"}),
        SEARCH: pages,
    }
    return web


@pytest.fixture
def host() -> Iterator[Firehose]:
    """Return a host that says one thing of the present."""
    with Firehose(say(json.dumps(created("3now", NOW)))) as firehose:
        yield firehose


def collector(
    pds: Web, host: Firehose, client: Client, topic: Topic = TOPIC, **keys: Any
) -> Bluesky:
    """Return one that may search."""
    account = {"handle": "me.example", "app_password": PASSWORD, "pds": pds.url}
    table = BlueskySource.model_validate({"hosts": [host.url], **account, **keys})
    return Bluesky(table, client, [topic])


def hear(pds: Web, host: Firehose, cursor: str | None = None, **keys: Any) -> Heard:
    """Collect once."""

    async def run() -> Heard:
        async with Client(CONTACT, limits=QUICK) as client:
            return await listen(collector(pds, host, client, **keys), cursor, NOW)

    return asyncio.run(run())


def test_a_gap_that_the_hosts_have_forgotten(pds: Web, host: Firehose) -> None:
    """What was said since the cursor is searched for, page by page, and matched again."""
    cursor = Cursor(time_us=micros(NOW - 3 * DAY - instant(0)), host=host.url).model_dump_json()
    portions, error = hear(pds, host, cursor)
    assert error is None
    assert identities(portions) == {AT.format(ADA[8:], rkey) for rkey in ("3one", "3three", "3now")}
    first = portions[0].posts[0]
    assert (first.author, first.time, first.language) == (ADA, NOW - 2 * DAY, "en")
    asked = [asked for asked in pds.asked if asked.path == SEARCH]
    assert [each.query.get("cursor") for each in asked] == [None, "100"]
    assert asked[0].query["q"] == "forgebox"
    assert asked[0].query["since"] == iso(NOW - 3 * DAY)
    assert asked[0].query["until"] == iso(NOW - timedelta(hours=36))
    assert {each.headers["authorization"] for each in asked} == {"Bearer access"}
    (login,) = (json.loads(asked.body) for asked in pds.asked if asked.path == CREATE)
    assert login == {"identifier": "me.example", "password": PASSWORD}


def test_a_search_is_no_listening(pds: Web, host: Firehose) -> None:
    """What a search finds proves nothing about what it did not find."""
    portions, _ = hear(pds, host, history="7d")
    assert len(identities(portions)) == 3
    assert not any(portion.watched for portion in portions)
    assert [portion.cursor is None for portion in portions] == [True, True, False]


@pytest.mark.parametrize("history", ["10m", "35h"])
def test_no_search_for_what_the_hosts_have(pds: Web, host: Firehose, history: str) -> None:
    """Within their day and a half the hosts are asked alone."""
    hear(pds, host, history=history)
    assert pds.asked == []


@pytest.mark.parametrize(
    "broken",
    [
        {CREATE: Reply(status=401)},
        {CREATE: document({"accessJwt": 5})},
        {SEARCH: Reply(status=403)},
        {SEARCH: document({"posts": "none"})},
        {SEARCH: document({"posts": [{"uri": 1}]})},
    ],
)
def test_a_search_that_fails(pds: Web, host: Firehose, broken: dict[str, Any]) -> None:
    """It keeps nobody from listening to the stream."""
    pds.routes |= broken
    portions, error = hear(pds, host, history="7d")
    assert error is None
    assert identities(portions) == {AT.format(ADA[8:], "3now")}


def test_views_of_another_shape(pds: Web, host: Firehose) -> None:
    """A post that is not what it says it is, is left out."""
    odd = [
        view("3a", "forgebox", record={"text": 5}),
        view("3b", "forgebox", uri="at://did:plc:somebodyelse/app.bsky.feed.post/3b"),
        view("3c", "forgebox", uri=f"at://{ADA}/app.bsky.feed.like/3c"),
        view("3d", "forgebox\u0000"),
    ]
    pds.routes[SEARCH] = document({"posts": odd})
    portions, _ = hear(pds, host, history="7d")
    texts = [post.text for portion in portions for post in portion.posts]
    assert texts == ["forgebox", "forgebox"]
    assert len(identities(portions)) == 2


def test_a_search_without_end(pds: Web, host: Firehose) -> None:
    """A search that always has another page is left after ten."""
    pds.routes[SEARCH] = document({"posts": [view("3one", "forgebox")], "cursor": "more"})
    hear(pds, host, history="7d")
    assert pds.paths().count(SEARCH) == 10


def test_more_terms_than_may_be_asked_for(pds: Web, host: Firehose) -> None:
    """A hundred requests are the most, whatever is listened for."""
    pds.routes[SEARCH] = document({"posts": []})
    many = Topic("many", Query(any_of=tuple(f"term{each}" for each in range(120))))
    portions, error = hear(pds, host, history="7d", topic=many)
    assert error is None
    assert pds.paths().count(SEARCH) == 100
    assert portions[-1].cursor is not None


def test_logins_are_saved(pds: Web, host: Firehose) -> None:
    """Logins are counted, so that a session is renewed, and made anew only if it is over."""

    async def run(times: int) -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            listener = collector(pds, host, client)
            for _ in range(times):
                await listener.probe()
            pds.routes[REFRESH] = document({"error": "ExpiredToken"}, status=400)
            await listener.probe()

    asyncio.run(run(3))
    sessions = [path for path in pds.paths() if path in {CREATE, REFRESH}]
    assert sessions == [CREATE, REFRESH, REFRESH, REFRESH, CREATE]
    renewed = next(asked for asked in pds.asked if asked.path == REFRESH)
    assert renewed.headers["authorization"] == "Bearer refresh"


def test_probe_tells_a_wrong_password(pds: Web, host: Firehose) -> None:
    """Without a word of the password."""

    async def run() -> str:
        async with Client(CONTACT, limits=QUICK) as client:
            return await collector(pds, host, client).probe()

    assert "may search" in asyncio.run(run())
    pds.routes[CREATE] = document({"error": "AuthenticationRequired"}, status=401)
    with pytest.raises(Unauthorised) as caught:
        asyncio.run(run())
    assert PASSWORD not in str(caught.value)


def test_queries() -> None:
    """Any of the terms each for itself, phrases in quotes; all of them together; each once."""
    topics = [
        Topic("a", Query(any_of=("forgebox", 'forge "box"', "#forgebox"), all_of=("x",))),
        Topic("b", Query(any_of=("forgebox",))),
        Topic("c", Query(all_of=("linux mint", "broken"))),
    ]
    assert queries(topics) == ("forgebox", '"forge box"', "#forgebox", '"linux mint" broken')
