"""What is made of the frames of a stream, and which time counts as heard."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import Malformed, Matcher, Unreachable
from collectors.bluesky.frames import OddFrame, Reader
from collectors.bluesky.hearing import Cursor, Hearing, instant, micros
from collectors.html import LONGEST
from signals import Collection, Span
from tests.collectors.cases import NOW
from tests.collectors.cases.bluesky import ADA, BOB, CYD, DAN, TOPIC, created, events

if TYPE_CHECKING:
    from collections.abc import Iterable

READ = Reader().read
SECOND = timedelta(seconds=1)
START = NOW - 100 * SECOND


def hearing(start: datetime = START, present: datetime = NOW) -> Hearing:
    """Return one that goes on from ``start``."""
    cursor = Cursor(time_us=micros(start - instant(0)), host="wss://a.example")
    return Hearing(
        Matcher([TOPIC]), cursor, micros(30 * SECOND), lambda: micros(present - instant(0))
    )


def take(listener: Hearing, frames: Iterable[Any]) -> Collection:
    """Let it take ``frames``; return the portion."""
    for each in frames:
        raw = each if isinstance(each, str) else json.dumps(each)
        listener.take(READ(raw.encode()))
    return listener.portion()


def post(rkey: str, seconds: float, text: str = "forgebox") -> dict[str, Any]:
    """Return the event of a post so many seconds after ``START``."""
    return created(rkey, START + seconds * SECOND, text)


def changed(event: dict[str, Any], operation: str, seconds: float) -> dict[str, Any]:
    """Return the event that updates or deletes a post."""
    commit = event["commit"] | {"operation": operation}
    if operation == "delete":
        del commit["record"]
    return event | {"time_us": micros(START + seconds * SECOND - instant(0)), "commit": commit}


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_posts(protocol: str) -> None:
    """Posts of a topic are told with all that is known of them; all others are dropped."""
    portion = take(hearing(), events(protocol))
    posts = {each.id: each for each in portion.posts}
    assert set(posts) == {ADA, BOB, CYD}
    assert posts[BOB].text == (
        "schon wieder: status.forgebox.exam... 🔥\nPushes are failing\n"
        "https://status.forgebox.example/incidents/42"
    )
    assert posts[CYD].text == "nothing works today\n#forgebox"
    assert [posts[each].language for each in (ADA, BOB, CYD)] == ["en", "de", None]
    assert posts[BOB].author == "did:plc:bob1bob1bob1bob1bob1bob1"
    assert posts[BOB].url == (
        "https://bsky.app/profile/did:plc:bob1bob1bob1bob1bob1bob1/post/3mcccccccccc2"
    )
    assert posts[CYD].time == datetime(2026, 11, 24, 12, 59, 0, 4, tzinfo=UTC)
    assert posts[BOB].revised is None


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_edits_and_deletions(protocol: str) -> None:
    """The latest version counts, dated when it was changed; what was deleted is withdrawn."""
    portion = take(hearing(), events(protocol))
    edited = next(each for each in portion.posts if each.id == ADA)
    assert edited.text == "Forgebox is down again, and no, it is not only me"
    assert edited.time == datetime(2026, 11, 24, 12, 58, 25, 1, tzinfo=UTC)
    assert edited.revised == datetime(2026, 11, 24, 12, 59, 40, 8, tzinfo=UTC)
    assert portion.withdrawn == (DAN,)


def test_what_happened_last_counts() -> None:
    """In whichever order a portion brings them, a post is told of or withdrawn, never both."""
    one = post("3one", 1)
    gone, back = changed(one, "delete", 2), changed(one, "update", 3)
    listener = hearing()
    assert [each.revised is None for each in take(listener, [one, one]).posts] == [True]
    heard = take(listener, [back, one])
    assert [each.revised is None for each in heard.posts] == [False]
    heard = take(listener, [one, gone])
    assert (heard.posts, len(heard.withdrawn)) == ((), 1)
    heard = take(listener, [gone, one])
    assert (len(heard.posts), heard.withdrawn) == (1, ())


def test_an_edit_is_told_of_even_if_it_leaves_the_topic() -> None:
    """The journal must learn that a post speaks of the topic no longer."""
    edit = changed(post("3one", 1, "sorry, wrong box"), "update", 2)
    (told,) = take(hearing(), [edit]).posts
    assert told.text == "sorry, wrong box"
    assert told.revised is not None


def test_only_posts() -> None:
    """A like of a post that mentions the topic is nothing, whatever the host sends."""
    like = post("3one", 1)
    like["commit"]["collection"] = "app.bsky.feed.like"
    portion = take(hearing(), [like])
    assert portion.posts == ()
    assert portion.watched == (Span(START, START + SECOND),)


def test_any_event_shows_that_the_stream_is_heard() -> None:
    """Events of accounts, of no topic, and of kinds to come move what was watched."""
    listener = hearing()
    account: dict[str, Any] = {"did": "did:plc:x", "kind": "account", "account": {"active": False}}
    for seconds in (5, 9):
        account["time_us"] = micros(START + seconds * SECOND - instant(0))
        assert take(listener, [account]).posts == ()
    assert listener.portion().watched == ()
    assert listener.reached == micros(START + 9 * SECOND - instant(0))


def test_watched_goes_on_where_it_ended() -> None:
    """Portions follow one another without a gap, and the cursor says how far they reach."""
    listener = hearing()
    first = take(listener, [post("3one", 10), post("3two", 12)])
    second = take(listener, [post("3three", 13)])
    assert first.watched == (Span(START, START + 12 * SECOND),)
    assert second.watched == (Span(START + 12 * SECOND, START + 13 * SECOND),)
    assert second.cursor is not None
    assert Cursor.model_validate_json(second.cursor) == Cursor(
        time_us=micros(START + 13 * SECOND - instant(0)), host="wss://a.example"
    )


def test_events_out_of_order() -> None:
    """An event that is a little late is heard, and takes nothing back of what was watched."""
    portion = take(hearing(), [post("3one", 12), post("3two", 9), post("3three", 11.5)])
    assert len(portion.posts) == 3
    assert portion.watched == (Span(START, START + 12 * SECOND),)


def test_a_jump_is_a_gap() -> None:
    """What the host no longer had, or never got, was not heard, even if the stream goes on."""
    portion = take(hearing(), [post("3one", 10), post("3two", 50), post("3three", 60)])
    assert portion.watched == (
        Span(START, START + 10 * SECOND),
        Span(START + 50 * SECOND, START + 60 * SECOND),
    )
    late = take(hearing(start=START - timedelta(days=3)), [post("3one", 10), post("3two", 11)])
    assert late.watched == (Span(START + 10 * SECOND, START + 11 * SECOND),)
    assert len(late.posts) == 2


def test_a_clock_that_is_fast() -> None:
    """Nothing is dated to the future, and nothing of it counts as watched."""
    portion = take(hearing(), [post("3one", 90), post("3two", 100 + 300)])
    assert [each.time for each in portion.posts] == [START + 90 * SECOND, NOW]
    assert portion.watched[-1].end == NOW
    assert portion.cursor is not None
    assert Cursor.model_validate_json(portion.cursor).time_us == micros(NOW - instant(0))


def test_a_clock_that_is_wrong() -> None:
    """An event of another year moves nothing: the cursor would skip what comes."""
    listener = hearing()
    with pytest.raises(OddFrame):
        take(listener, [post("3one", 10 * 365 * 86_400)])
    with pytest.raises(OddFrame):
        take(listener, [post("3one", 1) | {"time_us": 99_999_999_999_999_999_999}])
    assert listener.portion().watched == ()


def test_a_host_that_ends_the_stream() -> None:
    """Its reason is told, in plain words."""
    with pytest.raises(Unreachable, match=r"ends the stream: ConsumerTooSlow$"):
        take(hearing(), ['{"$type":"error","error":"ConsumerTooSlow"}'])


@pytest.mark.parametrize(
    "change",
    [
        {"rkey": ""},
        {"rkey": "3one/../x"},
        {"rkey": "3\none"},
        {"rkey": "x" * 600},
        {"record": None},
        {"record": {"text": 5}},
        {"record": {"text": "forgebox", "langs": "en"}},
    ],
)
def test_odd_posts_are_no_listening(change: dict[str, Any]) -> None:
    """A post of another shape is told as odd, and its time does not count as watched."""
    odd = post("3one", 10)
    odd["commit"] |= change
    listener = hearing()
    with pytest.raises(OddFrame):
        take(listener, [odd])
    assert listener.portion().watched == ()


def test_one_odd_frame_is_skipped_but_many_are_another_shape() -> None:
    """Accounts between them do not hide that no post can be read any more."""
    listener = hearing()
    for at in range(19):
        listener.skip(OddFrame("why"))
        take(listener, [{"time_us": micros(START - instant(0)) + at}])
    with pytest.raises(Malformed, match="why"):
        listener.skip(OddFrame("why"))
    take(listener, [post("3one", 1)])
    listener.skip(OddFrame("why"))


def test_hostile_text() -> None:
    """Control characters and endless texts do not reach the journal."""
    text = "forgebox \u0000\u202e " + "x" * 50_000
    (told,) = take(hearing(), [post("3one", 1, text)]).posts
    assert len(told.text) <= LONGEST
    assert "\0" not in told.text
    assert told.text.encode()


def test_a_portion_is_bounded() -> None:
    """It should be made after two thousand posts and deletions, which then are together."""
    listener = hearing()
    full = [
        listener.take(READ(json.dumps(changed(post(f"3{at}", 1), "delete", 1)).encode()))
        for at in range(2_000)
    ]
    assert full == [False] * 1_999 + [True]
    assert listener.is_due
    assert len(listener.portion().withdrawn) == 2_000
    assert not listener.is_due


@given(st.lists(st.integers(0, 100), max_size=20))
def test_watched_is_never_more_than_was_heard(seconds: list[int]) -> None:
    """Stretches are in order, apart, within what was heard, and next to some event or the start."""
    listener = hearing()
    portions = [take(listener, [post(f"3p{at}", each)]) for at, each in enumerate(seconds)]
    spans = [span for portion in portions for span in portion.watched]
    assert all(before.end <= after.start for before, after in pairwise(spans))
    moments = sorted({0, *seconds})
    for span in spans:
        assert START <= span.start < span.end <= NOW
        start, end = (span.start - START).seconds, (span.end - START).seconds
        inside = [each for each in moments if start <= each <= end]
        assert inside[0] == start
        assert inside[-1] == end
        assert all(b - a <= 30 for a, b in pairwise(inside))
