"""Mastodon: access, paging, late posts, and who is left alone."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from collectors import Blocked, Client, Malformed, Missing, SourceError, Unauthorised
from collectors.mastodon import Mastodon, MastodonSource
from signals import Collection, Query, Span, Topic
from tests.collectors.cases import LATER, NOW, RECORDED, text_of
from tests.collectors.cases.mastodon import moved, timeline
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import Reply, Web, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Post

INSTANCE = "/api/v2/instance"
TAG = "/api/v1/timelines/tag/forgebox"

Heard = tuple[list[Collection], SourceError | None]


def statuses() -> list[dict[str, Any]]:
    """Return the posts of the payload."""
    loaded: list[dict[str, Any]] = json.loads(text_of("mastodon-tag.json"))
    return loaded


def instance(feeds: dict[str, str] | None) -> Reply:
    """Return an instance that says ``feeds`` about its hashtags, or nothing at all."""
    described = json.loads(text_of("mastodon-instance.json"))
    if feeds is None:
        del described["configuration"]["timelines_access"]
    else:
        described["configuration"]["timelines_access"]["hashtag_feeds"] = feeds
    return document(described)


@pytest.fixture
def web() -> Iterator[Web]:
    """Return an instance with the posts of the payload."""
    routes = {INSTANCE: document(json.loads(text_of("mastodon-instance.json")))}
    with Web({**routes, TAG: timeline(statuses())}) as server:
        yield server


def hear(web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any) -> Heard:
    """Collect once."""

    async def run() -> Heard:
        async with Client(CONTACT, limits=QUICK) as client:
            table = MastodonSource(base_url=web.url, **{"tags": ["forgebox"], **keys})
            return await listen(Mastodon(table, client, ()), cursor, now)

    return asyncio.run(run())


def posts_of(portions: list[Collection]) -> list[Post]:
    """Return the posts in the order in which they came."""
    return [post for portion in portions for post in portion.posts]


def timeline_requests(web: Web) -> list[dict[str, str]]:
    """Return the queries for the timeline."""
    return [dict(asked.query) for asked in web.asked if asked.path == TAG]


def test_what_a_reader_sees(web: Web) -> None:
    """Warning, text and the title of the linked page, without gaps in tags and addresses."""
    portions, error = hear(web)
    assert error is None
    posts = {post.id.rpartition("/")[2]: post for post in posts_of(portions)}
    assert posts["1"].text == "#Forgebox is down again\nIs it only me?"
    assert posts["2"].text == (
        "@ada no, see https://status.example/incidents/42\n#Forgebox\nPushes are failing"
    )
    assert posts["5"].text == "outage talk\nback now #Forgebox"


def test_who_where_when(web: Web) -> None:
    """Identity is the address that is the same everywhere; local people get their host."""
    portions, _ = hear(web)
    posts = {post.id.rpartition("/")[2]: post for post in posts_of(portions)}
    assert posts["1"].author == "ada@127.0.0.1"
    assert posts["2"].author == "bob@elsewhere.example"
    assert posts["1"].time == datetime(2026, 11, 24, 12, 5, tzinfo=UTC)
    assert [posts[at].language for at in "125"] == ["en", "de", None]
    assert posts["5"].url == posts["5"].id
    assert posts["1"].source == f"mastodon:{web.url.removeprefix('http://')}"


def test_leaves_alone_whom_it_should(web: Web) -> None:
    """Robots, people who want none, and what is not public are not heard."""
    first = statuses()[0]
    private = first | {"visibility": "private", "uri": "https://social.example/private"}
    web.routes[TAG] = timeline([*statuses(), moved(private, NOW, private["uri"])])
    ids = identities(hear(web)[0])
    assert len(ids) == 3
    assert not any(part in each for each in ids for part in ("statusbot", "quiet", "private"))


@pytest.mark.parametrize(
    ("feeds", "token", "expected"),
    [
        ({"local": "public", "remote": "public"}, None, None),
        ({"local": "public", "remote": "disabled"}, None, None),
        (None, None, None),
        ({"local": "disabled", "remote": "disabled"}, None, Blocked),
        ({"local": "disabled", "remote": "disabled"}, "t", Blocked),
        ({"local": "authenticated", "remote": "authenticated"}, None, Unauthorised),
        ({"local": "authenticated", "remote": "authenticated"}, "t", None),
        ({"local": "authenticated", "remote": "disabled"}, None, Unauthorised),
    ],
)
def test_access(
    web: Web, feeds: dict[str, str] | None, token: str | None, expected: type[SourceError] | None
) -> None:
    """A closed feed answers with empty lists, and must not pass for silence."""
    web.routes |= {INSTANCE: instance(feeds), TAG: document([]) if expected else web.routes[TAG]}
    portions, error = hear(web, token=token)
    if expected:
        assert isinstance(error, expected)
        assert portions == []
        assert timeline_requests(web) == []
    else:
        assert error is None
        assert len(identities(portions)) == 3


def test_access_is_asked_each_time(web: Web) -> None:
    """A feed that is switched off between two calls is noticed at once."""
    portions, _ = hear(web)
    web.routes |= {
        INSTANCE: instance({"local": "disabled", "remote": "disabled"}),
        TAG: document([]),
    }
    portions, error = hear(web, cursor_of(portions))
    assert isinstance(error, Blocked)
    assert portions == []


def test_token_goes_to_the_timeline_only(web: Web) -> None:
    """Whoever needs no token is not told it."""
    hear(web, token="s3cret")  # noqa: S106 - made up
    sent = {asked.path: asked.headers.get("authorization") for asked in web.asked}
    assert sent == {"/robots.txt": None, INSTANCE: None, TAG: "Bearer s3cret"}


def test_unknown_tag_is_silence(web: Web) -> None:
    """On an instance that answers, a tag that is not there has never been used."""
    del web.routes[TAG]
    portions, error = hear(web)
    assert error is None
    assert portions[-1].watched == (Span(NOW - timedelta(hours=6), NOW),)


def test_no_instance_at_all(web: Web) -> None:
    """Where even the instance is missing, a missing tag says that nothing is there."""
    web.routes = {}
    portions, error = hear(web)
    assert isinstance(error, Missing)
    assert portions == []


def test_server_before_instances_described_themselves(web: Web) -> None:
    """Before 4.0 there is no description; the timeline is asked directly."""
    del web.routes[INSTANCE]
    assert len(identities(hear(web)[0])) == 3


def test_pages_oldest_first_until_none_is_left(web: Web) -> None:
    """However many came, none is skipped, and the cursor follows page by page."""
    first = statuses()[0]
    many = [
        moved(first, NOW - timedelta(seconds=1_000 - at), f"https://social.example/{at}")
        for at in range(130)
    ]
    web.routes[TAG] = timeline(many)
    portions, error = hear(web)
    assert error is None
    assert len(posts_of(portions)) == 130
    requests = timeline_requests(web)
    assert len(requests) == 5  # four pages with posts, and the empty one
    assert all(query["limit"] == "40" for query in requests)
    for at, portion in enumerate(portions):
        rest, _ = hear(web, portion.cursor)
        assert identities(portions[: at + 1]) | identities(rest) == identities(portions)


def test_first_call_reaches_back_by_the_history(web: Web) -> None:
    """The first id asked for is the one that a post would have got so long ago."""
    assert len(identities(hear(web, history="50m")[0])) == 2  # posts of 12:15 and 12:45


def test_more_than_one_call_can_hear(web: Web) -> None:
    """A tag that is too busy for one call leaves it unwatched; the next one makes up for it."""
    first = statuses()[0]
    many = [
        moved(first, NOW - timedelta(seconds=3_000 - at), f"https://social.example/{at}")
        for at in range(2_050)
    ]
    web.routes[TAG] = timeline(many)
    portions, error = hear(web)
    assert error is None
    assert not any(portion.watched for portion in portions)
    rest, _ = hear(web, cursor_of(portions))
    assert rest[-1].watched == (Span(NOW - timedelta(hours=6), NOW),)
    assert len(identities(portions) | identities(rest)) == 2_050


def test_watched_only_when_every_tag_was_heard(web: Web) -> None:
    """A failure at the second tag leaves the round unwatched, and it is made up for later."""
    second = "/api/v1/timelines/tag/other"
    web.routes[second] = Reply(status=403)
    portions, error = hear(web, tags=["forgebox", "other"])
    assert isinstance(error, Blocked)
    assert len(identities(portions)) == 3
    assert not any(portion.watched for portion in portions)
    web.routes[second] = document([])
    again, error = hear(
        web, cursor_of(portions), NOW + timedelta(minutes=5), tags=["forgebox", "other"]
    )
    assert error is None
    assert again[-1].watched == (Span(NOW - timedelta(hours=6), NOW + timedelta(minutes=5)),)


def test_late_posts_are_heard_after_a_while(web: Web) -> None:
    """A federated post that arrives behind the cursor is found when the timeline is rewound."""
    cursor = cursor_of(hear(web)[0])
    late = moved(statuses()[0], NOW - timedelta(minutes=20), "https://late.example/1")
    web.routes[TAG] = timeline([*statuses(), late])
    soon, _ = hear(web, cursor, NOW + timedelta(minutes=1))
    assert identities(soon) == set()
    after, _ = hear(web, cursor, NOW + timedelta(minutes=11))
    assert "https://late.example/1" in identities(after)
    assert cursor_of(after) is not None
    settled, _ = hear(web, cursor_of(after), NOW + timedelta(minutes=12))
    assert identities(settled) == set()


def test_edits_are_heard_when_the_timeline_is_rewound(web: Web) -> None:
    """A post that its author changed keeps its id, and comes again with the time of the change."""
    later = NOW + timedelta(minutes=11)
    first = moved(statuses()[0], NOW - timedelta(minutes=4), "https://social.example/edited")
    web.routes[TAG] = timeline([first])
    heard, _ = hear(web)
    assert [post.revised for post in posts_of(heard)] == [None]
    edited = first | {"content": "<p>It works again</p>", "edited_at": later.isoformat()}
    web.routes[TAG] = timeline([edited])
    again, _ = hear(web, cursor_of(heard), later)
    [post] = posts_of(again)
    assert (post.id, post.revised) == ("https://social.example/edited", later)
    assert "It works again" in post.text


def test_absence_is_no_deletion(web: Web) -> None:
    """A post that is missing when the timeline is rewound may only be hidden for a while."""
    first = moved(statuses()[0], NOW - timedelta(minutes=4), "https://social.example/gone")
    web.routes[TAG] = timeline([first])
    heard, _ = hear(web)
    web.routes[TAG] = timeline([])
    again, error = hear(web, cursor_of(heard), NOW + timedelta(minutes=11))
    assert error is None
    assert not any(portion.withdrawn for portion in again)


def test_clock_of_another_server(web: Web) -> None:
    """A post from the future counts for the present."""
    web.routes[TAG] = timeline([moved(statuses()[0], LATER, "https://fast.example/1")])
    assert [post.time for post in posts_of(hear(web)[0])] == [NOW]


def test_server_that_ignores_paging(web: Web) -> None:
    """A server that always gives the same page is heard once, not for ever."""
    web.routes[TAG] = document(statuses())
    portions, error = hear(web)
    assert error is None
    assert len(identities(portions)) == 3
    assert len(timeline_requests(web)) == 2


def test_timeline_of_another_shape(web: Web) -> None:
    """A timeline that is no list is no silence."""
    web.routes[TAG] = document({"error": "This method requires an authenticated user"})
    assert isinstance(hear(web)[1], Malformed)


def test_tags_from_the_terms_of_the_topics() -> None:
    """Those terms that can be hashtags are listened for; without any there is nothing to do."""
    table = MastodonSource.model_validate({"base_url": "https://social.example"})
    query = Query(any_of=("#Forgebox", "forge box", "forgebox", "C++", "2026"), all_of=("ürün",))
    collector = Mastodon(table, Client(CONTACT), [Topic("t", query)])
    assert collector._tags == ("forgebox", "ürün")  # noqa: SLF001 - no request is needed to see
    assert collector.topics == {"t"}
    assert collector.source == "mastodon:social.example"
    with pytest.raises(ValueError, match="no term of its topics is a hashtag"):
        Mastodon(table, Client(CONTACT), [Topic("t", Query(any_of=("forge box",)))])


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded answers are not beside this checkout")
def test_recorded_answers(web: Web) -> None:
    """Real objects of three servers and years are read whole."""
    folder = RECORDED / "social/mastodon"
    found = json.loads((folder / "tag-timeline-4.6.4.json").read_text())
    for name in ("status-110446183735368325.json", "status-110446223051565765.json"):
        found.append(json.loads((folder / name).read_text()))
    web.routes |= {
        INSTANCE: document(json.loads((folder / "instance-v2-2026-04.json").read_text())),
        TAG: document(found),
    }
    portions, error = hear(web)
    assert error is None
    assert identities(portions) == {status["uri"] for status in found}
    texts = [post.text for post in posts_of(portions)]
    assert "#hoot (hashtag toot)" in texts
    assert any("@halcy you're a doo-doo head" in text for text in texts)
    assert any("#ThisIsAHashtag" in text for text in texts)
