"""Stack Exchange: what is asked, what it costs, and what the answers say about waiting."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from collectors import Blocked, Client, RateLimited, SourceError, Unauthorised
from collectors.stackexchange import StackExchange, StackExchangeSource
from signals import Collection, Span, seconds
from tests.collectors.cases import NOW, RECORDED
from tests.collectors.cases.stackexchange import questions, site
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import Reply, Web, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Post

PATH = "/2.3/questions"

Heard = tuple[list[Collection], SourceError | None]


@pytest.fixture
def web() -> Iterator[Web]:
    """Return the API with the questions of the payload."""
    with Web({PATH: site(questions())}) as server:
        yield server


def hear(web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any) -> Heard:
    """Collect once."""

    async def run() -> Heard:
        async with Client(CONTACT, limits=QUICK) as client:
            table = StackExchangeSource(base_url=web.url, **{"site": "unix", **keys})
            return await listen(StackExchange(table, client, ()), cursor, now)

    return asyncio.run(run())


def posts_of(portions: list[Collection]) -> dict[str, Post]:
    """Return the posts by their ids."""
    return {post.id: post for portion in portions for post in portion.posts}


def watched(portions: list[Collection]) -> list[Span]:
    """Return what was listened to."""
    return [span for portion in portions for span in portion.watched]


def refusal(number: int, name: str, message: str) -> Reply:
    """Return an error as the API gives it, always with a 400."""
    told = {"error_id": number, "error_name": name, "error_message": message}
    return document(told, status=400)


def test_what_is_asked_there(web: Web) -> None:
    """Title and text without markup and without code, who asked, and when it was changed."""
    posts = posts_of(hear(web)[0])
    post = posts["9001"]
    assert post.text == (
        'Is "Forgebox" down for anyone else?\nPushes hang & time out since noon:\nIs it only me?'
    )
    assert post.time == datetime(2026, 11, 24, 12, 10, tzinfo=UTC)
    assert post.revised == datetime(2026, 11, 24, 12, 20, tzinfo=UTC)
    assert post.author == "501"
    assert post.url == "https://ask.example/questions/9001/forgebox-is-down"
    assert post.source == "stackexchange:unix"
    assert posts["9002"].author == "user77"  # somebody who has left
    assert posts["9002"].revised is None


def test_one_request_serves_all(web: Web) -> None:
    """The whole site is asked for, with the text, from an hour before the present at least."""
    cursor = str(seconds(NOW) - 600)
    portions, error = hear(web, cursor)
    assert error is None
    asked = [asked for asked in web.asked if asked.path == PATH]
    assert [each.query for each in asked] == [
        {
            "site": "unix",
            "filter": "withbody",
            "sort": "creation",
            "order": "asc",
            "fromdate": str(seconds(NOW) - 120 - 3_600),
            "pagesize": "100",
        }
    ]
    assert watched(portions) == [Span(NOW - timedelta(minutes=62), NOW - timedelta(minutes=2))]
    assert cursor_of(portions) == str(seconds(NOW) - 120)


def test_default_keeps_within_the_quota() -> None:
    """Two sites ask less than 300 times a day by default; faster than once a minute is refused."""
    table = StackExchangeSource(site="unix")
    assert 2 * (timedelta(days=1) / table.interval) < 300
    with pytest.raises(ValidationError):
        StackExchangeSource.model_validate({"site": "unix", "interval": "30s"})


def test_tags_and_key(web: Web) -> None:
    """With tags the search is asked, which takes any of them; a key is sent along."""
    web.routes = {"/2.3/search/advanced": site(questions())}
    portions, error = hear(web, tags=["apt", "grub2"], key="k3y")
    assert error is None
    assert len(identities(portions)) == 3
    query = web.asked[-1].query
    assert (query["tagged"], query["key"]) == ("apt;grub2", "k3y")


def busy(count: int, every: timedelta) -> list[dict[str, Any]]:
    """Return so many questions, up to the present."""
    first = questions()[0]
    return [
        first | {"question_id": at, "creation_date": seconds(NOW - timedelta(hours=2) + every * at)}
        for at in range(count)
    ]


def test_more_than_a_page(web: Web) -> None:
    """Pages are asked for by time, and each portion resumes after it."""
    web.routes[PATH] = site(busy(350, timedelta(seconds=20)))
    portions, error = hear(web)
    assert error is None
    assert len(identities(portions)) == 350
    assert "page" not in web.asked[-1].query
    spans = watched(portions)
    assert all(before.end == after.start for before, after in pairwise(spans))
    assert spans[-1].end == NOW - timedelta(minutes=2)
    for at, portion in enumerate(portions):
        rest, _ = hear(web, portion.cursor)
        assert identities(portions[: at + 1]) | identities(rest) == identities(portions)


def test_more_than_a_call_hears(web: Web) -> None:
    """A call is bounded; what it did not get to is not watched, and the next call goes on."""
    web.routes[PATH] = site(busy(1_500, timedelta(seconds=4)))
    portions, error = hear(web)
    assert error is None
    assert web.paths().count(PATH) == 10
    assert watched(portions)[-1].end < NOW - timedelta(minutes=50)
    rest, _ = hear(web, cursor_of(portions))
    assert len(identities(portions) | identities(rest)) == 1_500


def test_second_that_fills_a_page(web: Web) -> None:
    """A second that cannot be seen in full is passed by, unwatched."""
    web.routes[PATH] = site(busy(150, timedelta(0)))
    portions, error = hear(web)
    assert error is None
    full = NOW - timedelta(hours=2)
    assert not any(span.start <= full < span.end for span in watched(portions))
    assert watched(portions)[-1].end == NOW - timedelta(minutes=2)


def test_backoff_in_a_good_answer(web: Web) -> None:
    """Whoever is told to wait hears what was said, and asks nothing more until then."""
    web.routes[PATH] = site(busy(150, timedelta(seconds=10)), backoff=30)
    portions, error = hear(web)
    assert len(identities(portions)) == 100
    assert isinstance(error, RateLimited)
    assert error.retry_after is not None
    assert 25 < error.retry_after <= 31
    assert web.paths().count(PATH) == 1


def test_backoff_holds_other_sites(web: Web) -> None:
    """One site is told to wait; another of the same API does not ask before that is over."""
    web.routes[PATH] = site(questions(), backoff=30)

    async def run() -> list[SourceError | None]:
        async with Client(CONTACT, limits=QUICK) as client:
            tables = [StackExchangeSource(base_url=web.url, site=name) for name in ("unix", "b")]
            return [
                (await listen(StackExchange(table, client, ()), None, NOW))[1] for table in tables
            ]

    first, second = asyncio.run(run())
    assert first is None
    assert isinstance(second, RateLimited)
    assert web.paths().count(PATH) == 1


def test_quota_used_up(web: Web) -> None:
    """The 400 of a throttle says for how long; that is no silence."""
    message = "too many requests from this IP, more requests available in 33154 seconds"
    web.routes[PATH] = refusal(502, "throttle_violation", message)
    portions, error = hear(web)
    assert portions == []
    assert isinstance(error, RateLimited)
    assert error.retry_after == 33_154


@pytest.mark.parametrize(
    ("name", "message", "expected"),
    [
        ("bad_parameter", "No site found for name `unlx`", Blocked),
        ("bad_parameter", "`key` doesn't match a known application", Unauthorised),
        ("key_required", "`key` is required", Unauthorised),
        ("throttle_violation", "wait", RateLimited),
    ],
)
def test_refusals(web: Web, name: str, message: str, expected: type[SourceError]) -> None:
    """What is wrong is told in the API's own words."""
    web.routes[PATH] = refusal(400, name, message)
    portions, error = hear(web)
    assert portions == []
    assert type(error) is expected
    assert message in str(error)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"error_name": 7}', b"[" * 90_000])
def test_refusal_without_a_reason(web: Web, body: bytes) -> None:
    """A 400 that explains nothing is a refusal."""
    web.routes[PATH] = Reply(body, "application/json", status=400)
    assert type(hear(web)[1]) is Blocked


def test_key_is_never_told(web: Web) -> None:
    """A refused key is in no message."""
    web.routes[PATH] = Reply(status=403)
    assert "s3cret" not in str(hear(web, key="s3cret")[1])


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded answers are not beside this checkout")
def test_recorded_answers(web: Web) -> None:
    """Real answers, and anonymised ones with a backoff, are read whole."""
    folder = RECORDED / "social/stackexchange"
    found = json.loads((folder / "questions-2020-10-18.json").read_text())
    web.routes[PATH] = document(found)
    portions, error = hear(web)
    assert error is None
    assert identities(portions) == {"64415023", "64414922"}
    assert posts_of(portions)["64414922"].revised is not None
    assert posts_of(portions)["64415023"].text == "Why CPU accesses aligned memory"
    web.routes[PATH] = document(json.loads((folder / "question_backoff_page.json").read_text()))
    assert isinstance(hear(web)[1], RateLimited)
    web.routes[PATH] = document(json.loads((folder / "question_page_2.json").read_text()))
    assert hear(web)[1] is None  # two questions without a word
