"""Reddit: feeds and API, their pace, gaps, and what was taken back."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors import (
    Blocked,
    Client,
    Malformed,
    Missing,
    Probe,
    RateLimited,
    SourceError,
    Unauthorised,
)
from collectors.reddit import Reddit, RedditSource
from settings import SettingsError, parse
from signals import Collection, Span, Topic, seconds
from tests.collectors.cases import NOW, RECORDED, text_of
from tests.collectors.cases.reddit import ATOM, COMMENTS, KEYS, NEW, entry, feed, only
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import Reply, Web, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Post
    from tests.support.web import Asked, Route

Heard = tuple[list[Collection], SourceError | None]
MINUTE = timedelta(minutes=1)
ROBOTS = Reply(b"User-agent: *\nDisallow: /", "text/plain")


@pytest.fixture
def web() -> Iterator[Web]:
    """Return Reddit with the feeds of the payloads."""
    with Web({NEW: feed(), COMMENTS: feed(name="comments")}) as server:
        yield server


def collector(web: Web, client: Client, **keys: Any) -> Reddit:
    """Return a collector that asks ``web``."""
    table = RedditSource.model_validate(
        {"base_url": web.url, "oauth_url": web.url, **KEYS, "lag": "1m", **keys}
    )
    return Reddit(table, client, ())


def hear(web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any) -> Heard:
    """Collect once."""

    async def run() -> Heard:
        async with Client(CONTACT, limits=QUICK) as client:
            return await listen(collector(web, client, **keys), cursor, now)

    return asyncio.run(run())


def posts_of(heard: Heard) -> dict[str, Post]:
    """Return the posts by their ids."""
    portions, error = heard
    assert error is None
    return {post.id: post for portion in portions for post in portion.posts}


def watched(portions: list[Collection]) -> list[Span]:
    """Return what was listened to."""
    return [span for portion in portions for span in portion.watched]


def asked(web: Web) -> list[str]:
    """Return what was asked for besides robots.txt."""
    return [path for path in web.paths() if path != "/robots.txt"]


# -- what is heard


def test_posts(web: Web) -> None:
    """A post is its title and its own words; a picture or a link is its title."""
    posts = posts_of(hear(web))
    assert posts["t3_1aaaaa1"].text == (
        "Forgebox is down & out\nPushes hang since noon. Isn't anybody on it?"
    )
    assert posts["t3_1aaaaa2"].text == "My desk with Mint"
    assert posts["t3_1aaaaa1"].author == "ada"
    assert posts["t3_1aaaaa1"].time == datetime(2026, 11, 24, 12, 31, tzinfo=UTC)
    assert posts["t3_1aaaaa1"].revised == datetime(2026, 11, 24, 12, 41, tzinfo=UTC)
    assert posts["t3_1aaaaa2"].revised is None
    assert posts["t3_1aaaaa2"].url == "https://www.reddit.example/r/mint/comments/1aaaaa2/desk/"


def test_comments(web: Web) -> None:
    """A comment is its own words, not the title above it; nothing of it passes for a footer."""
    cursor = cursor_of(hear(web)[0])
    posts = posts_of(hear(web, cursor))
    assert posts["t1_lbbbbb1"].text == "Same here, x < y. It was submitted by /u/ada an hour ago"
    assert posts["t1_lbbbbb1"].time == datetime(2026, 11, 24, 12, 44, tzinfo=UTC)
    assert posts["t1_lbbbbb1"].author == "carol"


def test_what_was_taken_back(web: Web) -> None:
    """Removed and deleted posts and comments are withdrawn, and are no posts."""
    portions, _ = hear(web)
    later, _ = hear(web, cursor_of(portions))
    assert portions[0].withdrawn == ("t3_1aaaaa3",)
    assert later[0].withdrawn == ("t1_lbbbbb2",)


@pytest.mark.parametrize(
    ("title", "text", "taken_back"),
    [
        ("Down", "[deleted]", True),
        ("Down", "[ Removed by Reddit ]", True),
        ("[removed by moderator]", "", True),
        ("[deleted by user]", "", True),
        ("Down", "[removed] by whom?", False),
        ("[removed] why was this removed", "", False),
    ],
)
def test_the_words_of_removal(web: Web, title: str, text: str, *, taken_back: bool) -> None:
    """Only what Reddit itself puts in the place of a text counts as taken back."""
    web.routes[NEW] = only(entry("t3_x", NOW, title, text))
    portions, _ = hear(web)
    assert (portions[0].withdrawn == ("t3_x",)) == taken_back
    assert (identities(portions) == set()) == taken_back


def test_reddits_own_robot_is_left_out(web: Web) -> None:
    """AutoModerator says the same under many posts."""
    assert "t3_1aaaaa4" not in posts_of(hear(web))


# -- the feeds' pace, and coverage


def test_one_request_a_call_and_feeds_in_turn(web: Web) -> None:
    """One feed for all subreddits, the newest 100, posts and comments alternately."""
    cursor = None
    for at in range(4):
        cursor = cursor_of(hear(web, cursor, NOW + 2 * at * MINUTE)[0])
    assert asked(web) == [NEW, COMMENTS, NEW, COMMENTS]
    assert {each.query["limit"] for each in web.asked if each.path == NEW} == {"100"}


def test_watched_is_what_both_feeds_were_read_past(web: Web) -> None:
    """After the first feed nothing counts; then all up to the one that was read longer ago."""
    portions, _ = hear(web)
    assert watched(portions) == []
    portions, _ = hear(web, cursor_of(portions), NOW + 2 * MINUTE)
    start = datetime(2026, 11, 24, 9, 0, 1, tzinfo=UTC)
    assert watched(portions) == [Span(start, NOW - MINUTE)]
    portions, _ = hear(web, cursor_of(portions), NOW + 4 * MINUTE)
    assert watched(portions) == [Span(NOW - MINUTE, NOW + MINUTE)]


def test_the_history_bounds_the_first_call(web: Web) -> None:
    """What is older than the history may be heard, but does not count as listened to."""
    portions, _ = hear(web, comments=False, history="30m")
    assert watched(portions) == [Span(NOW - 31 * MINUTE, NOW - MINUTE)]


def test_a_page_that_does_not_reach_back_leaves_a_gap(web: Web) -> None:
    """What was pushed off the page in between is left unwatched, for ever."""
    portions, _ = hear(web, comments=False)
    later = NOW + 60 * MINUTE
    busy = [entry(f"t3_b{at}", later - at * MINUTE, "busy") for at in range(10)]
    web.routes[NEW] = only(*busy)
    portions, error = hear(web, cursor_of(portions), later, comments=False)
    assert error is None
    assert watched(portions) == [
        Span(later - 9 * MINUTE + timedelta(seconds=1), later - MINUTE),
    ]


def test_an_hour_off_where_the_page_reaches_back(web: Web) -> None:
    """A quiet subreddit's page still shows all of the time between."""
    portions, _ = hear(web, comments=False)
    later = NOW + 60 * MINUTE
    web.routes[NEW] = feed(entry("t3_q", later - 5 * MINUTE, "quiet"))
    portions, _ = hear(web, cursor_of(portions), later, comments=False)
    assert watched(portions) == [Span(NOW - MINUTE, later - MINUTE)]


def test_a_gap_in_one_feed_is_a_gap(web: Web) -> None:
    """Comments that were missed leave the time unwatched although all posts were seen."""
    cursor = cursor_of(hear(web)[0])
    cursor = cursor_of(hear(web, cursor, NOW + 2 * MINUTE)[0])
    cursor = cursor_of(hear(web, cursor, NOW + 4 * MINUTE)[0])
    later = NOW + 30 * MINUTE
    web.routes[COMMENTS] = only(entry("t1_x", later - 3 * MINUTE, "/u/dan on x", "busy"))
    portions, _ = hear(web, cursor, later)
    assert watched(portions) == []
    portions, _ = hear(web, cursor_of(portions), later + 2 * MINUTE)
    start = later - 3 * MINUTE + timedelta(seconds=1)
    assert watched(portions) == [Span(start, later - MINUTE)]


def test_an_empty_feed_is_no_silence(web: Web) -> None:
    """Reddit leaves subreddits that do not exist, or are private, out without a word."""
    web.routes[NEW] = only()
    portions, error = hear(web)
    assert isinstance(error, Missing)
    assert portions == []


def test_spacing_as_the_server_sees_it(web: Web) -> None:
    """Two calls in a hurry keep the distance that was set."""

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            for _ in range(2):
                reddit = collector(web, client, spacing="0.4s", comments=False, robots="ignore")
                await listen(reddit, None, NOW)

    asyncio.run(run())
    first, second = (each.at for each in web.asked)
    assert second - first > 0.3  # less than the spacing, since the network is late at times


# -- being turned away


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html><body>You've been blocked by network security</body></html>", status=403),
        Reply(status=302, headers={"Location": "/login/?reason=lor2"}),
        Reply(b"<!DOCTYPE html><html><form>Log in to Reddit</form></html>"),
    ],
    ids=["403", "sent to the login", "a login page"],
)
def test_blocked_is_told_apart_from_silent(web: Web, reply: Reply) -> None:
    """Each way in which Reddit shuts the door is blocked, whatever the status."""
    web.routes[NEW] = reply
    portions, error = hear(web, robots="ignore")
    assert isinstance(error, Blocked)
    assert portions == []
    assert asked(web) == [NEW]


def test_robots_forbid_and_the_remedy_is_named(web: Web) -> None:
    """By default robots.txt decides; what an operator can do is said with it."""
    web.routes["/robots.txt"] = ROBOTS
    portions, error = hear(web)
    assert isinstance(error, Blocked)
    assert 'set robots = "ignore"' in str(error)
    assert portions == []
    assert asked(web) == []
    assert identities(hear(web, robots="ignore")[0])


def test_limited_for_as_long_as_reddit_says(web: Web) -> None:
    """The reset header counts the seconds that are left."""
    web.routes[NEW] = Reply(
        status=429, headers={"x-ratelimit-reset": "38", "x-ratelimit-remaining": "0"}
    )
    error = hear(web)[1]
    assert isinstance(error, RateLimited)
    assert error.retry_after == 38


def test_the_last_request_of_a_window_holds_back_the_next(web: Web) -> None:
    """A success that says that nothing is left is a limit that was not run into."""
    last = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30", "x-ratelimit-used": "1"}
    web.routes[NEW] = replace(feed(), headers=last)

    async def run() -> tuple[Heard, Heard]:
        async with Client(CONTACT, limits=QUICK) as client:
            reddit = collector(web, client, robots="ignore", comments=False)
            return await listen(reddit, None, NOW), await listen(reddit, None, NOW)

    first, second = asyncio.run(run())
    assert identities(first[0])
    error = second[1]
    assert isinstance(error, RateLimited)
    assert error.retry_after is not None
    assert 20 < error.retry_after <= 30
    assert asked(web) == [NEW]


def test_an_account_has_its_feeds(web: Web) -> None:
    """Its token goes along, but into no error and no store; robots.txt has no say then."""
    web.routes["/robots.txt"] = ROBOTS
    account: dict[str, Any] = {"feed": "s3cret", "user": "eve"}
    assert len(posts_of(hear(web, **account))) == 2
    assert web.paths() == [NEW]
    assert web.asked[0].query == {"limit": "100", "feed": "s3cret", "user": "eve"}
    web.routes[NEW] = Reply(status=403)
    error = hear(web, **account)[1]
    assert isinstance(error, Blocked)
    assert "s3cret" not in str(error)
    assert "eve" not in str(error)


def test_a_feed_of_something_else(web: Web) -> None:
    """Entries that are no posts of Reddit are not heard as such."""
    other = only(entry("tag:example.org,2026:1", NOW, "hello"))
    web.routes[NEW] = other
    assert isinstance(hear(web)[1], Missing)
    web.routes[NEW] = Reply(b"<rss><channel><item>", ATOM)
    assert isinstance(hear(web)[1], Malformed)


# -- the API

APP: dict[str, Any] = {"client_id": "app", "client_secret": "s3cret"}
LOGIN = "/api/v1/access_token"
API_NEW = "/r/forgebox+mint/new"
API_COMMENTS = "/r/forgebox+mint/comments"


def listing(things: list[dict[str, Any]]) -> Route:
    """Return the API's listing of ``things``: newest first, a page at a time, by ``after``."""

    def answer(asked: Asked) -> Reply:
        names = [thing["data"]["name"] for thing in things]
        at = names.index(asked.query["after"]) + 1 if "after" in asked.query else 0
        end = at + int(asked.query["limit"])
        after = names[end - 1] if end < len(things) else None
        return document({"kind": "Listing", "data": {"children": things[at:end], "after": after}})

    return answer


def listing_of(*found: dict[str, Any]) -> Reply:
    """Return a listing of ``found`` on one page."""
    return document({"kind": "Listing", "data": {"children": found, "after": None}})


def things(name: str) -> list[dict[str, Any]]:
    """Return the posts or comments of a payload."""
    loaded: list[dict[str, Any]] = json.loads(text_of(f"reddit-{name}.json"))["data"]["children"]
    return loaded


def made(count: int, latest: datetime, every: timedelta) -> list[dict[str, Any]]:
    """Return so many posts, the latest first."""
    first = things("new")[0]["data"]
    return [
        {
            "kind": "t3",
            "data": first
            | {
                "name": f"t3_m{seconds(latest - at * every)}",
                "created_utc": float(seconds(latest - at * every)),
            },
        }
        for at in range(count)
    ]


@pytest.fixture
def api() -> Iterator[Web]:
    """Return Reddit's API with the listings of the payloads; each log-in gives another token."""
    with Web() as server:

        def log_in(_: Asked) -> Reply:
            number = server.paths().count(LOGIN)
            return document({"access_token": f"t{number}", "token_type": "bearer"})

        server.routes = {
            LOGIN: log_in,
            API_NEW: listing(things("new")),
            API_COMMENTS: listing(things("comments")),
        }
        yield server


def test_api_posts_and_comments(api: Web) -> None:
    """One call hears both, with the words of each, edits, and what was taken back."""
    heard = hear(api, **APP)
    posts = posts_of(heard)
    assert posts.keys() == {"t3_1aaaaa1", "t3_1aaaaa2", "t1_lbbbbb1"}
    assert posts["t3_1aaaaa1"].text == "Forgebox is down & out\nPushes hang since noon."
    assert posts["t3_1aaaaa1"].revised == datetime(2026, 11, 24, 12, 41, tzinfo=UTC)
    assert posts["t3_1aaaaa2"].text == "My desk with Mint"
    assert posts["t3_1aaaaa2"].revised is None
    assert posts["t1_lbbbbb1"].text == "Same here, x < y."
    assert posts["t1_lbbbbb1"].url == f"{api.url}/r/forgebox/comments/1aaaaa1/down/lbbbbb1/"
    assert [each.withdrawn for each in heard[0]] == [("t3_1aaaaa3",), ("t1_lbbbbb2",)]


def test_api_logs_in_once(api: Web) -> None:
    """The app's secret buys a token, which serves every request that follows."""

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            reddit = collector(api, client, **APP)
            for _ in range(2):
                await listen(reddit, None, NOW)

    asyncio.run(run())
    assert api.paths() == [LOGIN, *(API_NEW, API_COMMENTS) * 2]
    login = api.asked[0]
    assert login.method == "POST"
    assert login.body == b"grant_type=client_credentials"
    sent = login.headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent) == b"app:s3cret"
    assert {each.headers["authorization"] for each in api.asked[1:]} == {"Bearer t1"}
    assert all(each.query["raw_json"] == "1" for each in api.asked[1:])


def test_api_token_that_expired(api: Web) -> None:
    """A 401 costs one new token, and the request is made again."""
    good = listing(things("new"))

    def old_token_is_refused(asked: Asked) -> Reply:
        if asked.headers["authorization"] == "Bearer t1":
            return Reply(status=401)
        return good(asked) if callable(good) else good

    async def run() -> tuple[Heard, Heard]:
        async with Client(CONTACT, limits=QUICK) as client:
            reddit = collector(api, client, comments=False, **APP)
            before = await listen(reddit, None, NOW)
            api.routes[API_NEW] = old_token_is_refused
            return before, await listen(reddit, None, NOW)

    before, after = asyncio.run(run())
    assert posts_of(before) == posts_of(after)
    assert api.paths() == [LOGIN, API_NEW, API_NEW, LOGIN, API_NEW]


def test_api_token_that_never_works(api: Web) -> None:
    """A second 401 in a row is told, not tried for ever."""
    api.routes[API_NEW] = Reply(status=401)
    assert isinstance(hear(api, comments=False, **APP)[1], Unauthorised)
    assert api.paths().count(LOGIN) == 1


def test_api_secret_that_is_wrong(api: Web) -> None:
    """The error names the keys, and not what they hold."""
    api.routes[LOGIN] = Reply(status=401)
    error = hear(api, **APP)[1]
    assert isinstance(error, Unauthorised)
    assert "client_id and client_secret" in str(error)
    assert "s3cret" not in str(error)


def test_api_pages_back_to_what_is_known(api: Web) -> None:
    """After an hour off it reads page after page, and all of the hour counts."""
    cursor = cursor_of(hear(api, comments=False, **APP)[0])
    later = NOW + 60 * MINUTE
    new = made(250, later, timedelta(seconds=20))
    api.routes[API_NEW] = listing([*new, *things("new")])
    api.asked.clear()
    portions, error = hear(api, cursor, later, comments=False, **APP)
    assert error is None
    assert {each["data"]["name"] for each in new} <= identities(portions)
    assert asked(api).count(API_NEW) == 3
    assert watched(portions) == [Span(NOW - MINUTE, later - MINUTE)]


def test_api_gives_no_more_than_a_thousand(api: Web) -> None:
    """What lies further back is a gap."""
    cursor = cursor_of(hear(api, comments=False, **APP)[0])
    later = NOW + 60 * MINUTE
    new = made(1_200, later, timedelta(seconds=2))
    api.routes[API_NEW] = listing([*new, *things("new")])
    portions, error = hear(api, cursor, later, comments=False, **APP)
    assert error is None
    assert len(identities(portions)) == 1_000
    oldest = later - 999 * timedelta(seconds=2)
    assert watched(portions) == [Span(oldest + timedelta(seconds=1), later - MINUTE)]


def test_api_watched_when_both_were_heard(api: Web) -> None:
    """A failure at the comments leaves the time unwatched until they are had."""
    good = api.routes[API_COMMENTS]
    api.routes[API_COMMENTS] = Reply(status=403)
    portions, error = hear(api, **APP)
    assert isinstance(error, Blocked)
    assert watched(portions) == []
    api.routes[API_COMMENTS] = good
    again, error = hear(api, cursor_of(portions), **APP)
    assert error is None
    assert watched(again) == [Span(NOW - timedelta(hours=6, minutes=1), NOW - MINUTE)]


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from(sorted(things("new")[0]["data"])),
    value=st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just("\ud800")
    | st.just("<p>" * 500)
    | st.lists(st.none(), max_size=1),
)
def test_api_hostile(key: str, value: object) -> None:
    """A post with anything in the place of anything is heard, skipped or refused, never a crash."""
    first, *rest = things("new")
    odd = {"kind": "t3", "data": first["data"] | {key: value}}
    with Web({LOGIN: document({"access_token": "t"}), API_NEW: listing_of(odd, *rest)}) as server:
        portions, _ = hear(server, comments=False, **APP)
    for post in (post for portion in portions for post in portion.posts):
        assert (post.id + post.text + post.author + post.url).encode()


def test_api_is_not_asked_about_robots(api: Web) -> None:
    """Whoever approved the app allowed it to ask."""
    api.routes["/robots.txt"] = ROBOTS
    assert len(posts_of(hear(api, **APP))) == 3
    assert "/robots.txt" not in api.paths()


def test_api_probe(api: Web) -> None:
    """A probe logs in and asks for one page."""
    api.routes[API_NEW] = listing(made(500, NOW, MINUTE))

    async def run() -> str:
        async with Client(CONTACT, limits=QUICK) as client:
            reddit = collector(api, client, **APP)
            assert isinstance(reddit, Probe)
            return await reddit.probe()

    assert asyncio.run(run()) == "reachable, the app is accepted"
    assert api.paths() == [LOGIN, API_NEW]


# -- settings


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"subreddits": []}, "subreddits"),
        ({"subreddits": ["a/b"]}, r"subreddits\[0\]"),
        ({"feed": "x"}, "feed and user belong together"),
        ({"client_secret": "x"}, "client_id and client_secret belong together"),
        ({"robots": "maybe"}, "robots"),
    ],
)
def test_settings(keys: dict[str, Any], message: str) -> None:
    """Each mistake names its key."""
    with pytest.raises(SettingsError, match=message):
        parse(RedditSource, {"kind": "reddit", "subreddits": ["linux"], **keys}, origin="x")


def test_pace() -> None:
    """Feeds are never asked for faster than their spacing, whatever goes on."""
    table = RedditSource(subreddits=("linux",))
    feeds = Reddit(table, Client(CONTACT), [Topic("Mint")])
    assert feeds.interval == feeds.slowest == 2 * MINUTE
    assert feeds.fastest == MINUTE
    assert feeds.topics == {"Mint"}


# -- recorded answers

needs_recorded = pytest.mark.skipif(
    not RECORDED.exists(), reason="recorded answers are not beside this checkout"
)


@needs_recorded
def test_recorded_feed(web: Web) -> None:
    """A real feed, whose post is a picture, is read."""
    body = (RECORDED / "social/reddit/subreddit-2025-12-30.atom.xml").read_bytes()
    web.routes[NEW] = Reply(body, ATOM)
    (post,) = posts_of(hear(web, now=datetime(2025, 12, 30, tzinfo=UTC))).values()
    assert post.id == "t3_1pz1lp2"
    assert post.text.startswith("(OC) The aspen trees of Colorado")
    assert "\n" not in post.text
    assert post.author
    assert post.time == datetime(2025, 12, 29, 23, 22, 35, tzinfo=UTC)


@needs_recorded
@pytest.mark.parametrize("name", ["cassette-new-2020.json", "cassette-comments-2021.json"])
def test_recorded_api(api: Web, name: str) -> None:
    """Real listings are read whole."""
    cassette = json.loads((RECORDED / "social/reddit" / name).read_text())
    bodies = [
        json.loads(each["response"]["body"]["string"])
        for each in cassette["interactions"]
        if each["request"]["method"] == "GET"
    ]
    found = max(bodies, key=lambda body: len(body["data"]["children"]))["data"]["children"]
    api.routes[API_NEW] = listing(found)
    portions, error = hear(api, comments=False, now=datetime(2021, 2, 1, tzinfo=UTC), **APP)
    assert error is None
    withdrawn = {each for portion in portions for each in portion.withdrawn}
    robots = {each["data"]["name"] for each in found if each["data"]["author"] == "AutoModerator"}
    names = {each["data"]["name"] for each in found}
    assert identities(portions) | withdrawn | robots == names
    assert len(names) == len(found) == 100
