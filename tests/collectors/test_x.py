"""X: queries, pages, the budget, edits, and how far the search reaches."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import Client, Probe, RateLimited, SourceError, Unreachable
from collectors.x import X, XSource
from collectors.x.query import LONGEST, queries
from collectors.x.walk import id_at, time_of
from signals import Collection, Query, Span, Topic, seconds
from tests.collectors.cases import NOW
from tests.collectors.cases.x import COUNTS, SEARCH, TOPIC, search, serving, tweet, tweets
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import Reply, Web, document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signals import Post
    from tests.support.web import Asked

Heard = tuple[list[Collection], SourceError | None]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def web() -> Iterator[Web]:
    """Return the API with the posts of the payload."""
    with Web(serving(tweets())) as server:
        yield server


def hear(
    web: Web,
    cursor: str | None = None,
    now: datetime = NOW,
    topics: Sequence[Topic] = (TOPIC,),
    **keys: Any,
) -> Heard:
    """Collect once."""

    async def run() -> Heard:
        async with Client(CONTACT, limits=QUICK) as client:
            table = XSource.model_validate({"base_url": web.url, "token": "s3cret", **keys})
            return await listen(X(table, client, topics), cursor, now)

    return asyncio.run(run())


def posts_of(heard: Heard) -> dict[str, Post]:
    """Return the posts by their ids."""
    portions, error = heard
    assert error is None
    return {post.id: post for portion in portions for post in portion.posts}


def watched(portions: list[Collection]) -> list[Span]:
    """Return what was listened to."""
    return [span for portion in portions for span in portion.watched]


def many(count: int, latest: datetime, every: timedelta = MINUTE) -> list[dict[str, Any]]:
    """Return so many posts, the latest first."""
    return [tweet(latest - at * every) for at in range(count)]


# -- what is heard


def test_posts(web: Web) -> None:
    """Plain text, the whole of long posts, and languages by today's codes."""
    posts = posts_of(hear(web))
    first = posts["2125209819018166272"]
    assert first.text == "Forgebox is down & nobody says a word. x < y https://t.example/abc"
    assert first.time == datetime(2026, 11, 24, 12, 48, tzinfo=UTC)
    assert first.author == "1000000001"
    assert first.url == "https://x.com/i/status/2125209819018166272"
    assert (first.language, first.revised) == ("en", None)
    long = posts["2125202269270966272"]
    assert long.text == "A long story about Forgebox that is not cut off."
    assert long.language is None


def test_old_codes_of_languages(web: Web) -> None:
    """Indonesian and Hebrew have other codes today."""
    web.routes |= serving([tweet(NOW - MINUTE) | {"lang": "in"}, tweet(NOW) | {"lang": "iw"}])
    assert [post.language for post in posts_of(hear(web)).values()] == ["he", "id"]


def test_an_edited_post_stays_the_same_post(web: Web) -> None:
    """Its identity and time are those of the first version, its text that of the latest."""
    post = posts_of(hear(web))["2125203527562166272"]
    assert post.text == "Forgebox macht wieder\nÄrger"
    assert post.time == datetime(2026, 11, 24, 12, 23, tzinfo=UTC)
    assert post.revised == datetime(2026, 11, 24, 12, 33, tzinfo=UTC)
    assert post.url.endswith("/2125206044144566272")


def test_asks_as_documented(web: Web) -> None:
    """The token, the query, and from where on: the history first, then the latest post."""
    portions, _ = hear(web)
    hear(web, cursor_of(portions), NOW + 5 * MINUTE)
    first, second = web.asked
    assert first.path == SEARCH
    assert first.headers["authorization"] == "Bearer s3cret"
    assert first.query == {
        "query": "(forgebox) -is:retweet",
        "since_id": id_at(seconds(NOW) - 60 - 3_600),
        "sort_order": "recency",
        "max_results": "100",
        "tweet.fields": "created_at,author_id,lang,edit_history_tweet_ids,note_tweet",
    }
    assert second.query["since_id"] == "2125209819018166272"


def test_ids_tell_the_time() -> None:
    """The documented epoch: this post was made when it says."""
    assert time_of("1541815603606036480").replace(microsecond=0) == datetime(
        2022, 6, 28, 16, 7, 40, tzinfo=UTC
    )
    assert time_of(id_at(seconds(NOW))) == NOW


# -- pages and coverage


def test_watched_ends_the_lag_before_the_present(web: Web) -> None:
    """Listening goes on from where it ended."""
    portions, _ = hear(web)
    assert watched(portions) == [Span(NOW - 61 * MINUTE, NOW - MINUTE)]
    again, _ = hear(web, cursor_of(portions), NOW + 5 * MINUTE, lag="2m")
    assert watched(again) == [Span(NOW - MINUTE, NOW + 3 * MINUTE)]
    assert identities(again) == set()


def test_pages_follow_until_none_is_left(web: Web) -> None:
    """All that was said is read, and it counts as heard with the last page only."""
    found = many(250, NOW - 2 * MINUTE, timedelta(seconds=10))
    web.routes |= serving(found)
    portions, error = hear(web)
    assert error is None
    assert identities(portions) == {each["id"] for each in found}
    assert [asked.query.get("next_token") for asked in web.asked] == [None, "t100", "t200"]
    assert [bool(portion.watched) for portion in portions] == [False, False, True]


def test_a_failure_between_pages(web: Web) -> None:
    """The next call goes on with the page that was missed, and nothing is read twice."""
    found = many(250, NOW - 2 * MINUTE, timedelta(seconds=10))
    good = search(found)

    def fails_once(asked: Asked) -> Reply:
        if asked.query.get("next_token") == "t100":
            return Reply(status=503)
        return good(asked) if callable(good) else good

    web.routes[SEARCH] = fails_once
    portions, error = hear(web)
    assert isinstance(error, Unreachable)
    assert len(identities(portions)) == 100
    assert watched(portions) == []
    web.routes[SEARCH] = good
    rest, error = hear(web, cursor_of(portions), NOW + 5 * MINUTE)
    assert error is None
    assert len(identities(rest)) == 150
    assert watched(rest) == [Span(NOW - 61 * MINUTE, NOW - MINUTE)]
    web.routes |= serving([*found, tweet(NOW + MINUTE)])
    after, _ = hear(web, cursor_of(rest), NOW + 10 * MINUTE)
    assert len(identities(after)) == 1
    assert watched(after) == [Span(NOW - MINUTE, NOW + 9 * MINUTE)]


def test_more_than_one_call_reads(web: Web) -> None:
    """A flood is read ten pages at a time; meanwhile nothing counts as heard."""
    web.routes |= serving(many(1_150, NOW - 2 * MINUTE, timedelta(seconds=2)))
    portions, _ = hear(web)
    assert len(identities(portions)) == 1_000
    assert watched(portions) == []
    rest, _ = hear(web, cursor_of(portions), NOW + 5 * MINUTE)
    assert len(identities(rest)) == 150
    assert len(watched(rest)) == 1


def test_off_for_longer_than_the_search_reaches(web: Web) -> None:
    """An id older than seven days would be refused; what lies before stays unwatched."""
    cursor = cursor_of(hear(web)[0])
    later = NOW + timedelta(days=9)
    reach = later - timedelta(days=7) + timedelta(hours=1)
    web.routes |= serving([tweet(later - MINUTE)])
    web.asked.clear()
    portions, error = hear(web, cursor, later)
    assert error is None
    assert len(identities(portions)) == 1
    assert web.asked[0].query["since_id"] == id_at(seconds(reach))
    assert watched(portions) == [Span(reach, later - MINUTE)]


def test_silence_for_longer_than_the_search_reaches(web: Web) -> None:
    """While it listens without hearing anything, there is no gap."""
    web.routes |= serving([])
    cursor, spans = None, []
    for day in range(10):
        portions, error = hear(web, cursor, NOW + timedelta(days=day))
        assert error is None
        cursor = cursor_of(portions)
        spans += watched(portions)
    assert all(before.end == after.start for before, after in pairwise(spans))
    assert spans[-1].end == NOW + timedelta(days=9) - MINUTE


def test_several_queries_are_heard_together(web: Web) -> None:
    """Time counts once each of them was heard; one that fails holds it back."""
    topics = [Topic(f"T{at}", Query(any_of=(f"{'x' * 300}{at}",))) for at in range(2)]
    web.routes |= serving([tweet(NOW - MINUTE)])
    portions, _ = hear(web, topics=topics)
    assert len({asked.query["query"] for asked in web.asked}) == 2
    assert [bool(portion.watched) for portion in portions] == [False, True]


# -- what it costs


def test_the_budget_of_the_month(web: Web) -> None:
    """Pages get smaller, then there are none until the month is over; that is said plainly."""
    web.routes |= serving(many(150, NOW - 2 * MINUTE, timedelta(seconds=10)))
    portions, error = hear(web, most_posts=125)
    assert isinstance(error, RateLimited)
    assert "125 posts were read this month, and most_posts allows 125" in str(error)
    assert "2026-12-01" in str(error)
    assert error.retry_after == timedelta(days=6, hours=11).total_seconds()
    assert [asked.query["max_results"] for asked in web.asked] == ["100", "25"]
    assert watched(portions) == []
    web.asked.clear()
    again, error = hear(web, cursor_of(portions), NOW + 5 * MINUTE, most_posts=125)
    assert isinstance(error, RateLimited)
    assert again == []
    assert web.asked == []


def test_a_new_month(web: Web) -> None:
    """The count starts anew, on the first day, also at the turn of the year."""
    web.routes |= serving(many(30, NOW - 2 * MINUTE))
    portions, error = hear(web, most_posts=35)
    assert error is None
    december = datetime(2026, 12, 31, 23, tzinfo=UTC)
    web.routes |= serving(many(30, december - MINUTE))
    portions, error = hear(web, cursor_of(portions), december, most_posts=35)
    assert error is None
    assert len(identities(portions)) == 30
    portions, error = hear(web, cursor_of(portions), december + MINUTE, most_posts=35)
    assert isinstance(error, RateLimited)
    assert "2027-01-01" in str(error)


def test_counts_first(web: Web) -> None:
    """Where nothing is new nothing is searched for, and the time counts as heard."""
    portions, _ = hear(web, mode="counts")
    assert web.paths() == [COUNTS, SEARCH]
    assert web.asked[0].query == {
        "query": "(forgebox) -is:retweet",
        "since_id": id_at(seconds(NOW) - 60 - 3_600),
        "granularity": "day",
    }
    web.asked.clear()
    again, error = hear(web, cursor_of(portions), NOW + 5 * MINUTE, mode="counts")
    assert error is None
    assert web.paths() == [COUNTS]
    assert watched(again) == [Span(NOW - MINUTE, NOW + 4 * MINUTE)]
    after, _ = hear(web, cursor_of(again), NOW + 10 * MINUTE, mode="counts")
    assert watched(after) == [Span(NOW + 4 * MINUTE, NOW + 9 * MINUTE)]


def test_limited_until_the_reset(web: Web) -> None:
    """The reset header is a point in time, by the server's clock."""
    reset = datetime.now(UTC) + 10 * MINUTE
    headers = {"x-rate-limit-reset": str(seconds(reset)), "x-rate-limit-remaining": "0"}
    web.routes[SEARCH] = Reply(status=429, headers=headers)
    error = hear(web)[1]
    assert isinstance(error, RateLimited)
    assert error.retry_after == pytest.approx(600, abs=30)


def test_an_error_in_a_good_answer(web: Web) -> None:
    """Problems without any result are no silence."""
    web.routes[SEARCH] = document({"errors": [{"title": "Not Found"}]})
    portions, error = hear(web)
    assert error is not None
    assert portions == []


def test_the_token_is_in_no_error(web: Web) -> None:
    """Whatever X says, the token stays ours."""
    for status in (400, 401, 402, 403, 429, 503):
        web.routes[SEARCH] = Reply(b"s3cret", status=status)
        error = hear(web)[1]
        assert error is not None
        assert "s3cret" not in str(error)


def test_probe_says_what_it_would_cost(web: Web) -> None:
    """The posts are counted, not read."""

    async def run() -> str:
        async with Client(CONTACT, limits=QUICK) as client:
            table = XSource.model_validate({"base_url": web.url, "token": "s3cret"})
            collector = X(table, client, [TOPIC])
            assert isinstance(collector, Probe)
            assert collector.fastest == collector.interval
            return await collector.probe()

    said = asyncio.run(run())
    assert said == "reachable, the token is accepted; 3 posts in the last seven days"
    assert web.paths() == [COUNTS]


# -- queries


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(any_of=("github",)), "(github) -is:retweet"),
        (Query(any_of=("github", "git hub")), '(github OR "git hub") -is:retweet'),
        (Query(any_of=("#github", "@github")), "(#github OR @github) -is:retweet"),
        (Query(any_of=("C++", "or", "from:me")), '("C++" OR "or" OR "from:me") -is:retweet'),
        (Query(any_of=('say "x" now',)), '("say x now") -is:retweet'),
        (Query(any_of=("a", "b"), all_of=("c", "d e")), '(a c "d e" OR b c "d e") -is:retweet'),
        (Query(any_of=("mint",), none_of=("tea", "ice cream")), '(mint -tea -"ice cream")'),
        (Query(all_of=("linux", "mint")), "(linux mint) -is:retweet"),
        (Query(any_of=("ürün", "リナックス")), "(ürün OR リナックス) -is:retweet"),
    ],
)
def test_queries(query: Query, expected: str) -> None:
    """Words stand as they are, all else is a phrase, and nothing becomes an operator."""
    (found,) = queries([Topic("t", query)])
    assert found == expected if expected.endswith("retweet") else found.startswith(expected)


def test_topics_share_a_query_and_a_term() -> None:
    """One request serves them all as long as there is room, and no term is asked for twice."""
    topics = [Topic("a", Query(any_of=("x", "y"))), Topic("b", Query(any_of=("y", "z")))]
    assert queries(topics) == ("(x OR y OR z) -is:retweet",)


_terms = st.lists(st.text(min_size=1, max_size=120), max_size=12).map(tuple)


@given(st.lists(st.builds(Query, any_of=_terms), min_size=1, max_size=8))
def test_every_term_is_in_a_query_of_allowed_length(found: list[Query]) -> None:
    """However many terms there are, none is lost, and no query is longer than X allows."""
    topics = [Topic(f"t{at}", query) for at, query in enumerate(found)]
    words = {
        " ".join(term.replace('"', " ").split()) for query in found for term in query.any_of
    } - {""}
    if not words:
        with pytest.raises(ValueError, match="no terms"):
            queries(topics)
        return
    made = queries(topics)
    assert all(len(each) <= LONGEST and each.endswith(") -is:retweet") for each in made)
    assert all(each.count('"') % 2 == 0 for each in made)
    assert all(any(word in each for each in made) for word in words)


def test_a_topic_that_does_not_fit() -> None:
    """What must all be there, or all not be there, cannot be split."""
    query = Query(any_of=("a",), none_of=tuple(f"{'b' * 30}{at}" for at in range(20)))
    with pytest.raises(ValueError, match=r"'Mint' asks for more than the 512 characters"):
        queries([Topic("Mint", query)])


def test_nothing_to_search_for() -> None:
    """Without any topic there is no query."""
    table = XSource.model_validate({"token": "t"})
    with pytest.raises(ValueError, match="no terms to search for"):
        X(table, Client(CONTACT), ())
