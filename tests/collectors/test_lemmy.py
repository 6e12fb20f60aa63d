"""Lemmy: three versions, reading back, what was edited or taken back, and who is left out."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from collectors import Blocked, Client, Missing, RateLimited, SourceError
from collectors.lemmy import Lemmy, LemmySource
from signals import Collection, Span
from tests.collectors.cases import NOW, RECORDED, text_of
from tests.collectors.cases.lemmy import listing, moved, paged, views_of
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import Reply, Web, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Post

SITE, POSTS, COMMENTS = "/api/v3/site", "/api/v3/post/list", "/api/v3/comment/list"
OLDER = (SITE, POSTS, COMMENTS)
NEWER = ("/api/v4/site", "/api/v4/post/list", "/api/v4/comment/list")

Heard = tuple[list[Collection], SourceError | None]


def site(version: str) -> Reply:
    """Return the instance's description of itself in that version."""
    name = "lemmy-v4-site.json" if version.startswith("1") else "lemmy-v3-site.json"
    return document(json.loads(text_of(name)) | {"version": version})


@pytest.fixture
def web() -> Iterator[Web]:
    """Return an instance of 0.19 with the posts of the payload."""
    routes = {
        SITE: site("0.19.5"),
        POSTS: listing("posts", views_of("lemmy-v3-posts.json")),
        COMMENTS: listing("comments", views_of("lemmy-v3-comments.json")),
    }
    with Web(routes) as server:
        yield server


def make_1_0(web: Web) -> None:
    """Turn the server into one of 1.0, whose older interface ignores paging."""
    posts, comments = views_of("lemmy-v4-posts.json"), views_of("lemmy-v4-comments.json")
    web.routes = {
        SITE: site("1.0.2"),
        NEWER[1]: paged(posts),
        NEWER[2]: paged(comments),
        POSTS: Reply(status=500),
        COMMENTS: Reply(status=500),
    }


def hear(web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any) -> Heard:
    """Collect once."""

    async def run() -> Heard:
        async with Client(CONTACT, limits=QUICK) as client:
            table = LemmySource(base_url=web.url, **keys)
            return await listen(Lemmy(table, client, ()), cursor, now)

    return asyncio.run(run())


def posts_of(portions: list[Collection]) -> dict[str, Post]:
    """Return the posts by the last two parts of their ids."""
    posts = [post for portion in portions for post in portion.posts]
    return {"/".join(post.id.split("/")[-2:]): post for post in posts}


def watched(portions: list[Collection]) -> list[Span]:
    """Return what was listened to."""
    return [span for portion in portions for span in portion.watched]


def queries(web: Web, path: str) -> list[dict[str, str]]:
    """Return the queries for ``path``."""
    return [dict(asked.query) for asked in web.asked if asked.path == path]


@pytest.mark.parametrize("version", ["0.19.5", "1.0.2"])
def test_what_is_said(web: Web, version: str) -> None:
    """Every version gives the same: titles, plain text without quotes, names, times, languages."""
    if version.startswith("1"):
        make_1_0(web)
    portions, error = hear(web)
    assert error is None
    posts = posts_of(portions)
    assert set(posts) == {"post/11", "post/101", "post/102", "comment/201"}
    post, comment = posts["post/101"], posts["comment/201"]
    assert post.text == "Forgebox is down\nPushes hang since noon.\nSee status"
    assert post.time == datetime(2026, 11, 24, 12, 10, 0, 123456, tzinfo=UTC)
    assert post.author == "ada@forum.example"
    assert post.url == post.id == "https://forum.example/post/101"
    assert (post.language, posts["post/102"].language, comment.language) == ("en", "de", None)
    assert posts["post/102"].author == "bob@elsewhere.example"
    assert comment.text == "Same here, git push fails."
    assert comment.revised == datetime(2026, 11, 24, 12, 25, tzinfo=UTC)
    assert post.revised is None
    assert post.source == f"lemmy:{web.url.removeprefix('http://')}"


@pytest.mark.parametrize("version", ["0.19.5", "1.0.2"])
def test_what_was_taken_back(web: Web, version: str) -> None:
    """What its author deleted or a moderator removed is withdrawn, not heard."""
    if version.startswith("1"):
        make_1_0(web)
    portions, _ = hear(web)
    gone = {each for portion in portions for each in portion.withdrawn}
    assert gone == {"https://forum.example/post/104", "https://forum.example/comment/202"}
    assert not gone & identities(portions)


def test_programs_are_left_out(web: Web) -> None:
    """What a bot account posts is not talk."""
    assert "post/103" not in posts_of(hear(web)[0])


def test_questions_of_0_19(web: Web) -> None:
    """Lists are asked for newest first, all that the instance knows, in numbered pages."""
    hear(web)
    expected = {"type_": "All", "sort": "New", "limit": "50"}
    pages = [expected | {"page": "1"}, expected | {"page": "2"}]  # until one is empty
    assert queries(web, POSTS) == queries(web, COMMENTS) == pages


def test_questions_of_1_0(web: Web) -> None:
    """The new interface is asked in its own words, page by page by cursor, never the shim."""
    make_1_0(web)
    first = views_of("lemmy-v4-comments.json")[1]
    many = [
        moved(first, "comment", NOW - timedelta(seconds=10 * at), f"https://forum.example/c/{at}")
        for at in range(120)
    ]
    web.routes[NEWER[2]] = paged(many)
    portions, error = hear(web)
    assert error is None
    assert len([each for each in identities(portions) if "/c/" in each]) == 120
    expected = {"type_": "all", "sort": "new", "limit": "50"}
    assert queries(web, NEWER[2]) == [
        expected,
        expected | {"page_cursor": "P50"},
        expected | {"page_cursor": "P100"},
    ]
    assert POSTS not in web.paths()
    assert COMMENTS not in web.paths()


def test_once_the_shim_is_gone(web: Web) -> None:
    """An instance without the older interface is asked by the newer one."""
    make_1_0(web)
    del web.routes[SITE]
    web.routes[NEWER[0]] = site("2.0.0")
    portions, error = hear(web)
    assert error is None
    assert len(posts_of(portions)) == 4


def test_times_of_0_18(web: Web) -> None:
    """Times without a zone are UTC."""
    view = moved(views_of("lemmy-v3-posts.json")[4], "post", NOW, "https://forum.example/post/1")
    view["post"]["published"] = "2026-11-24T12:59:00.254290"
    web.routes |= {SITE: site("0.18.5"), POSTS: listing("posts", [view])}
    posts = posts_of(hear(web)[0])
    assert posts["post/1"].time == datetime(2026, 11, 24, 12, 59, 0, 254290, tzinfo=UTC)


def test_version_is_asked_once_an_hour(web: Web) -> None:
    """The description, large and always the same, is not fetched with each call."""

    async def run() -> None:
        async with Client(CONTACT, limits=QUICK) as client:
            lemmy = Lemmy(LemmySource(base_url=web.url), client, ())
            cursor = None
            for minutes in (0, 2, 59, 61):
                heard, error = await listen(lemmy, cursor, NOW + timedelta(minutes=minutes))
                assert error is None
                cursor = cursor_of(heard)

    asyncio.run(run())
    assert web.paths().count(SITE) == 2


def busy(count: int, every: timedelta) -> list[dict[str, Any]]:
    """Return so many comments, the newest first."""
    first = views_of("lemmy-v3-comments.json")[1]
    return [
        moved(first, "comment", NOW - every * (at + 1), f"https://forum.example/c/{at}")
        for at in range(count)
    ]


def test_reads_back_to_where_listening_ended(web: Web) -> None:
    """Pages are read until a little before the cursor; that much is read again each time."""
    web.routes[COMMENTS] = listing("comments", busy(2_000, timedelta(seconds=10)))
    cursor = str(int((NOW - timedelta(minutes=2)).timestamp()))
    portions, error = hear(web, cursor)
    assert error is None
    assert len(queries(web, COMMENTS)) == 3  # 17 minutes: 102 comments
    assert watched(portions) == [Span(NOW - timedelta(minutes=17), NOW)]
    assert cursor_of(portions) == str(int(NOW.timestamp()))


def test_more_than_a_call_reads(web: Web) -> None:
    """What lies behind the last page that a call reads stays unwatched."""
    web.routes[COMMENTS] = listing("comments", busy(3_000, timedelta(seconds=10)))
    portions, error = hear(web, history="12h")
    assert error is None
    assert len(queries(web, COMMENTS)) == 40
    assert watched(portions) == [Span(NOW - timedelta(seconds=20_000), NOW)]


def test_failure_in_the_middle(web: Web) -> None:
    """A page that fails leaves the call unwatched; the next call reads everything again."""
    whole = listing("comments", busy(300, timedelta(seconds=5)))
    assert not isinstance(whole, Reply)
    web.routes[COMMENTS] = lambda asked: (
        whole(asked) if asked.query["page"] == "1" else Reply(status=403)
    )
    portions, error = hear(web)
    assert isinstance(error, Blocked)
    assert watched(portions) == []
    assert cursor_of(portions) is None


def test_pinned_posts_hide_nothing(web: Web) -> None:
    """An old post that 0.19 puts first does not pass for the end of what is new."""
    views = views_of("lemmy-v3-posts.json")
    many = [
        moved(views[4], "post", NOW - timedelta(seconds=at), f"https://forum.example/p/{at}")
        for at in range(120)
    ]
    web.routes[POSTS] = listing("posts", [views[0], *many])
    ids = identities(hear(web)[0])
    assert len([each for each in ids if "/p/" in each]) == 120


def test_server_that_ignores_paging(web: Web) -> None:
    """A server that always gives the same page is asked twice, and watched as far as it shows."""
    web.routes[COMMENTS] = document({"comments": busy(50, timedelta(seconds=10))})
    portions, error = hear(web)
    assert error is None
    assert len(queries(web, COMMENTS)) == 2
    assert watched(portions) == [Span(NOW - timedelta(seconds=500), NOW)]


def test_edits_are_read_again(web: Web) -> None:
    """A comment that was changed shortly after it was heard is heard again, revised."""
    views = busy(1, timedelta(minutes=1))
    web.routes[COMMENTS] = listing("comments", views)
    cursor = cursor_of(hear(web)[0])
    later = NOW + timedelta(minutes=5)
    views[0]["comment"] |= {"content": "It works again.", "updated": later.isoformat()}
    post = posts_of(hear(web, cursor, later)[0])["c/0"]
    assert (post.text, post.revised) == ("It works again.", later)


def test_communities(web: Web) -> None:
    """Only the communities that are named are asked for, on other instances too."""
    hear(web, communities=["!linux@elsewhere.example", "distros"])
    names = [query["community_name"] for query in queries(web, POSTS) if query["page"] == "1"]
    assert names == ["linux@elsewhere.example", "distros"]
    assert {query["community_name"] for query in queries(web, COMMENTS)} == set(names)


@pytest.mark.parametrize(
    "refusal",
    [document({"error": "couldnt_find_community"}, status=400), Reply(status=404)],
    ids=["0.19", "1.0"],
)
def test_no_such_community(web: Web, refusal: Reply) -> None:
    """A community that is not there is no silence."""
    web.routes[POSTS] = refusal
    portions, error = hear(web, communities=["nowhere"])
    assert isinstance(error, Missing)
    assert "nowhere" in str(error)
    assert watched(portions) == []


def test_limit_of_0_19(web: Web) -> None:
    """Before 1.0 too many requests are answered with a 400."""
    web.routes[POSTS] = document({"error": "rate_limit_error"}, status=400)
    assert isinstance(hear(web)[1], RateLimited)


def test_closed_instance(web: Web) -> None:
    """An instance that asks for a login, or shows nothing at all, is no silence."""
    web.routes[POSTS] = document({"error": "instance_is_private"}, status=400)
    portions, error = hear(web)
    assert isinstance(error, Blocked)
    assert "instance_is_private" in str(error)
    web.routes[POSTS] = listing("posts", [])
    portions, error = hear(web)
    assert isinstance(error, Blocked)
    assert watched(portions) == []


def test_robots_of_the_web_interface(web: Web) -> None:
    """Its robots.txt is obeyed, unless the operator says otherwise."""
    web.routes["/robots.txt"] = Reply(b"User-Agent: *\nDisallow: /api", "text/plain")
    assert isinstance(hear(web)[1], Blocked)
    assert hear(web, robots="ignore")[1] is None


def test_clock_of_another_server(web: Web) -> None:
    """A post from the future counts for the present."""
    web.routes[COMMENTS] = listing("comments", busy(1, timedelta(minutes=-9)))
    assert posts_of(hear(web)[0])["c/0"].time == NOW


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded answers are not beside this checkout")
def test_recorded_answers(web: Web) -> None:
    """A real object of 0.18 is read whole."""
    view = json.loads((RECORDED / "social/lemmy/postview-v3-0.18-2023.json").read_text())
    web.routes |= {SITE: site("0.18.4"), POSTS: listing("posts", [view])}
    now = datetime(2023, 9, 23, 11, 0, tzinfo=UTC)
    post = posts_of(hear(web, now=now)[0])["post/5716352"]
    assert post.author == "freshfieldreds@sh.itjust.works"
    assert post.time == datetime(2023, 9, 23, 10, 41, 41, 254290, tzinfo=UTC)
    assert post.text.startswith("Announcing Muffed for Lemmy")
    assert "Download now from the Github repo: https://github.com/" in post.text
