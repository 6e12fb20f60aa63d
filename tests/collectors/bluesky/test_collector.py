"""The stream as a whole: hosts that behave and hosts that do not, and where it is resumed."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from collectors import (
    Blocked,
    Client,
    Malformed,
    Missing,
    RateLimited,
    SourceError,
    Unauthorised,
    Unreachable,
    streams,
)
from collectors.bluesky import Bluesky, BlueskySource
from collectors.bluesky.frames import LARGEST
from collectors.bluesky.hearing import Cursor, instant, micros
from signals import Collection, Query, Span, Topic
from tests.collectors.bluesky.test_frames import DICTIONARY, packed
from tests.collectors.cases import NOW, RECORDED
from tests.collectors.cases.bluesky import ADA, BOB, CYD, DAN, TOPIC, created, events
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.firehose import (
    Firehose,
    cut,
    dribble,
    leave,
    refusal,
    replay,
    say,
    say_and,
    stay,
)

if TYPE_CHECKING:
    from pathlib import Path

SECOND = timedelta(seconds=1)
START = NOW - 600 * SECOND

Heard = tuple[list[Collection], SourceError | None]


def hear(
    *hosts: Firehose | str,
    cursor: str | None = None,
    now: datetime = NOW,
    topic: Topic = TOPIC,
    **keys: Any,
) -> Heard:
    """Collect once."""
    urls = [host if isinstance(host, str) else host.url for host in hosts]

    async def run() -> Heard:
        async with Client(CONTACT, limits=QUICK) as client:
            table = BlueskySource.model_validate({"hosts": urls, **keys})
            return await listen(Bluesky(table, client, [topic]), cursor, now)

    return asyncio.run(run())


def at(seconds: float) -> str:
    """Return the frame of a post of the topic so many seconds after ``START``."""
    return json.dumps(created(f"3at{seconds:g}", START + seconds * SECOND))


def micro(seconds: float) -> int:
    """Return that time in microseconds."""
    return micros(START + seconds * SECOND - instant(0))


def resume(seconds: float, host: Firehose | str) -> str:
    """Return the cursor of somebody who has heard ``host`` up to then."""
    url = host if isinstance(host, str) else host.url
    return Cursor(time_us=micro(seconds), host=url).model_dump_json()


def nobody() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"ws://127.0.0.1:{free.getsockname()[1]}"


def watched(portions: list[Collection]) -> list[Span]:
    """Return the stretches that were watched, joined where they touch."""
    joined: list[Span] = []
    for span in (span for portion in portions for span in portion.watched):
        if joined and joined[-1].end == span.start:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined


def test_is_a_stream() -> None:
    """It says that it runs on."""
    assert streams(Bluesky(BlueskySource(), Client(CONTACT), []))


@pytest.mark.parametrize("protocol", ["v1", "v2"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_hears(protocol: str, tmp_path: Path, *, is_packed: bool) -> None:
    """Either protocol, packed or not, brings the same."""
    frames: list[str | bytes] = [*events(protocol)]
    if is_packed:
        frames = [packed(str(each).encode()) for each in frames]
    keys: dict[str, Any] = {"protocol": protocol}
    file = tmp_path / "zdict"
    file.write_bytes(DICTIONARY)
    with Firehose(say(*frames)) as host:
        if is_packed and protocol == "v1":
            keys["dictionary"] = str(file)
        if is_packed and protocol == "v2":
            host.documents["/xrpc/network.bsky.jetstream.getZstdDictionary"] = DICTIONARY
        portions, error = hear(host, **keys)
        (asked,) = host.asked
    assert error is None
    assert identities(portions) == {ADA, BOB, CYD}
    assert [gone for portion in portions for gone in portion.withdrawn] == [DAN]
    assert watched(portions)[-1].end > NOW - 3 * SECOND
    names = {
        "v1": ("wantedCollections", "compress", "true"),
        "v2": ("collections", "zstdDictionary", "7"),
    }
    wanted, name, value = names[protocol]
    assert asked.query[wanted] == "app.bsky.feed.post"
    assert asked.query.get(name) == (value if is_packed else None)
    assert "sec-websocket-extensions" not in asked.headers


def test_names_itself_and_bounds_frames() -> None:
    """The handshake carries the contact, and asks for no frame that would be refused."""
    with Firehose(say(*events())) as host:
        hear(host)
        (asked,) = host.asked
    assert asked.headers["user-agent"].startswith("hubbub/")
    assert CONTACT in asked.headers["user-agent"]
    assert asked.query["maxMessageSizeBytes"] == str(LARGEST)


def test_first_call_reaches_back() -> None:
    """The first call starts at the history, and counts it as watched from there."""
    with Firehose(say(at(301), at(310))) as host:
        portions, error = hear(host, history="5m")
        assert host.cursors() == [micro(300 - 5)]
    assert error is None
    assert watched(portions) == [Span(START + 300 * SECOND, START + 310 * SECOND)]


def test_resumes_a_little_earlier_on_the_same_host() -> None:
    """The cursor is the time reached; what is heard twice has the same identity."""
    said = [json.loads(at(second)) for second in range(5, 60, 5)]
    with Firehose(replay(said[:6]), replay(said)) as host:
        first, _ = hear(host, cursor=resume(10, host))
        cursor = cursor_of(first)
        assert cursor == resume(30, host)
        again, _ = hear(host, cursor=cursor)
        assert host.cursors() == [micro(5), micro(25)]
    assert identities(first) & identities(again)
    assert watched(first + again) == [Span(START + 10 * SECOND, START + 55 * SECOND)]


def test_another_host_has_another_clock() -> None:
    """Where the host of the cursor does not answer, the next one starts a minute earlier."""
    gone = nobody()
    with Firehose(say(at(99), at(101))) as host:
        portions, error = hear(gone, host, cursor=resume(100, gone))
        assert host.cursors() == [micro(40)]
        assert error is None
        assert cursor_of(portions) == resume(101, host)
        hear(nobody(), host, cursor=cursor_of(portions))
        assert host.cursors() == [micro(40), micro(96)]  # it is asked first now
    assert watched(portions) == [Span(START + 100 * SECOND, START + 101 * SECOND)]


def test_goes_on_at_the_next_host_when_cut() -> None:
    """A connection that is cut in mid-frame is gone on with elsewhere, in the same call."""
    with (
        Firehose(say_and(cut, at(301), at(305))) as first,
        Firehose(say(at(304), at(305), at(309))) as second,
    ):
        portions, error = hear(first, second, history="5m")
        assert second.cursors() == [micro(245)]
    assert error is None
    assert watched(portions) == [Span(START + 300 * SECOND, START + 309 * SECOND)]
    assert len(identities(portions)) == 4
    assert len({post.id for portion in portions for post in portion.posts}) == 4


def test_cut_everywhere() -> None:
    """What was heard before the cut is kept; that it was cut is told."""
    with Firehose(say_and(cut, at(301), at(305))) as host:
        portions, error = hear(host, history="5m")
        assert cursor_of(portions) == resume(305, host)
    assert isinstance(error, Unreachable)
    assert watched(portions) == [Span(START + 300 * SECOND, START + 305 * SECOND)]


def test_silence_is_no_quiet() -> None:
    """A stream on which nothing comes is broken, whether or not it was heard before."""
    with Firehose(say_and(stay)) as host:
        portions, error = hear(host, silence="0.5s")
    assert isinstance(error, Unreachable)
    assert "silent" in str(error)
    assert watched(portions) == []
    with Firehose(say_and(stay, at(300.1), at(300.5))) as host:
        portions, error = hear(host, history="5m", silence="0.5s")
    assert isinstance(error, Unreachable)
    assert watched(portions) == [Span(START + 300 * SECOND, START + 300.5 * SECOND)]


def test_goodbye_without_a_word() -> None:
    """A host that ends it at once was not heard."""
    with Firehose(say()) as host:
        portions, error = hear(host)
    assert isinstance(error, Unreachable)
    assert portions == []


def test_goodbye_without_going() -> None:
    """A host that says goodbye and keeps the connection is left in good time."""

    def linger(host: Firehose, connection: Any) -> None:
        connection.socket.sendall(b"\x88\x02\x03\xe9")
        host.stopping.wait()

    with Firehose(say_and(linger, at(301), at(305))) as host:
        portions, error = hear(host, history="5m", silence="60s")
    assert error is None
    assert len(identities(portions)) == 2


def test_slow_drip() -> None:
    """A frame that comes a byte at a time is heard, but not one that takes for ever."""
    with Firehose(say_and(dribble(at(305), every=0.001), at(301))) as host:
        portions, error = hear(host, history="5m")
    assert error is None
    assert len(identities(portions)) == 2
    with Firehose(say_and(dribble(at(300.5), every=0.1), at(300.1))) as host:
        portions, error = hear(host, history="5m", silence="1s")
    assert isinstance(error, Unreachable)
    assert watched(portions) == [Span(START + 300 * SECOND, START + 300.1 * SECOND)]


GARBAGE: list[str | bytes] = ["{", "[]", '{"x": "\x00"}', b"\xff\xfe\xfd", b"\x28\xb5\x2f\xfd"]


def test_garbage_between_frames() -> None:
    """Frames that cannot be read are passed over; the others are heard."""
    with Firehose(say(at(301), *GARBAGE, at(305))) as host:
        portions, error = hear(host, history="5m")
    assert error is None
    assert len(identities(portions)) == 2


def test_nothing_but_garbage() -> None:
    """A stream of which nothing can be read was not heard."""
    with Firehose(say(*GARBAGE * 10)) as host:
        portions, error = hear(host)
    assert isinstance(error, Malformed)
    assert portions == []
    with Firehose(say(*GARBAGE)) as host:
        portions, error = hear(host)
    assert isinstance(error, Unreachable)
    assert portions == []


def test_invalid_text_in_a_text_frame() -> None:
    """Bytes that are no UTF-8 spoil their frame only."""
    bad = at(303).encode().replace(b"forgebox", b"forge\xff\xfebox")

    def spoilt(_: Firehose, connection: Any) -> None:
        connection.socket.sendall(b"\x81\x7e" + len(bad).to_bytes(2, "big") + bad)
        connection.send(at(305))

    with Firehose(say_and(spoilt, at(301))) as host:
        portions, error = hear(host, history="5m")
    assert error is None
    assert len(identities(portions)) == 2


def test_bombs(tmp_path: Path) -> None:
    """Packed frames that would fill the memory are passed over."""
    file = tmp_path / "zdict"
    file.write_bytes(DICTIONARY)
    bombs = [packed(b" " * 50_000_000, write_content_size=known) for known in (True, False)]
    foreign = zstandard.compress(at(303).encode()[:-1])
    with Firehose(say(packed(at(301).encode()), *bombs, foreign, packed(at(305).encode()))) as host:
        portions, error = hear(host, history="5m", dictionary=str(file))
    assert error is None
    assert len(identities(portions)) == 2


def test_an_oversized_frame() -> None:
    """A host that sends what it was asked not to send is no such stream."""
    with Firehose(say(at(301), "x" * (LARGEST + 1), at(305))) as host:
        portions, error = hear(host, history="5m")
    assert isinstance(error, Malformed)
    assert watched(portions) == [Span(START + 300 * SECOND, START + 301 * SECOND)]


def test_duplicates_and_disorder() -> None:
    """What comes twice or late is told once a portion."""
    with Firehose(say(at(303), at(301), at(303), at(302), at(301))) as host:
        portions, error = hear(host, history="5m")
    assert error is None
    told = [post.id for portion in portions for post in portion.posts]
    assert len(told) == len(set(told)) == 3
    assert watched(portions) == [Span(START + 300 * SECOND, START + 303 * SECOND)]


def test_clock_skew() -> None:
    """A host whose clock is fast brings nothing of the future."""
    with Firehose(say(at(590), at(610))) as host:
        portions, error = hear(host, history="15s")
    assert error is None
    assert all(post.time < NOW + 60 * SECOND for portion in portions for post in portion.posts)
    assert watched(portions)[-1].end < NOW + 60 * SECOND


def test_cursor_too_old() -> None:
    """What the host no longer has stays unwatched, whether it says so or not."""
    old = resume(-40 * 3_600, "")
    with Firehose(say(at(301), at(305))) as host:
        portions, error = hear(host, cursor=old)
        assert error is None
        assert watched(portions) == [Span(START + 301 * SECOND, START + 305 * SECOND)]
        host.refusals = [refusal(400, b'{"error":"CursorTooOld","message":"floor 17"}')]
        portions, error = hear(host, cursor=old)
        assert error is None
        assert "cursor" not in host.asked[-1].query
    assert watched(portions) == [Span(START + 301 * SECOND, START + 305 * SECOND)]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ('{"$type":"error","error":"ConsumerTooSlow","message":"x"}', "ConsumerTooSlow"),
        ('{"$type":"error","error":"Something\\nnew"}', "Something"),
    ],
)
def test_error_frames(frame: str, words: str) -> None:
    """The host's reason for ending it is told; what was heard before is kept."""
    with Firehose(say(at(301), frame)) as host:
        portions, error = hear(host, history="5m")
    assert isinstance(error, Unreachable)
    assert words in str(error)
    assert "\n" not in str(error)
    assert watched(portions) == [Span(START + 300 * SECOND, START + 301 * SECOND)]


@pytest.mark.parametrize(("code", "reason"), [(1008, "too slow"), (1011, ""), (4000, "x\ny")])
def test_ends_that_are_no_goodbye(code: int, reason: str) -> None:
    """Closed for a reason is cut, not over."""
    with Firehose(say_and(leave(code, reason), at(301))) as host:
        _, error = hear(host, history="5m")
    assert isinstance(error, Unreachable)
    assert reason.partition("\n")[0] in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal(403, b"<html>Access denied</html>", Content_Type="text/html"), Blocked),
        (refusal(401), Unauthorised),
        (refusal(404), Missing),
        (refusal(400, b'{"error":"InvalidRequest","message":"no"}'), Blocked),
        (refusal(400, b'{"error":"UnknownZstdDictionary"}'), Blocked),
        (refusal(429), RateLimited),
        (refusal(500), Unreachable),
        (refusal(503, b"service not ready"), Unreachable),
        (refusal(200, b"<!DOCTYPE html><p>Welcome", Content_Type="text/html"), Malformed),
        (refusal(204), Malformed),
        (refusal(302, Location="https://elsewhere.example/subscribe"), Malformed),
        (refusal(302, Location="/login/"), Blocked),
        (refusal(302, Location="http://[bad"), Malformed),
    ],
    ids=lambda value: str(value.status_code) if hasattr(value, "status_code") else value.__name__,
)
def test_refused_handshakes(answer: Any, expected: type[SourceError]) -> None:
    """Each answer means what it means for any source; none is a silence."""
    with Firehose(say(at(301))) as host:
        host.refusals = [answer]
        portions, error = hear(host)
        assert len(host.asked) == 1
    assert isinstance(error, expected)
    assert "127.0.0.1" in str(error)
    assert portions == []


def test_told_to_wait() -> None:
    """A host that asks for patience is left alone, by the next call as well."""

    async def run(host: Firehose) -> list[SourceError | None]:
        async with Client(CONTACT, limits=QUICK) as client:
            table = BlueskySource.model_validate({"hosts": [host.url]})
            collector = Bluesky(table, client, [TOPIC])
            return [(await listen(collector, None, NOW))[1] for _ in range(2)]

    with Firehose(say(at(301))) as host:
        host.refusals = [refusal(429, Retry_After="120")]
        first, second = asyncio.run(run(host))
        assert len(host.asked) == 1
    assert isinstance(first, RateLimited)
    assert first.retry_after == 120
    assert isinstance(second, RateLimited)
    assert second.retry_after is not None
    assert second.retry_after > 100


def test_every_host_is_asked_once() -> None:
    """Where none lets us listen, the last refusal is told, and none was asked twice."""
    with Firehose(say()) as first, Firehose(say()) as second:
        first.refusals = [refusal(500)]
        second.refusals = [refusal(403)]
        portions, error = hear(first, second)
        assert (len(first.asked), len(second.asked)) == (1, 1)
    assert isinstance(error, Blocked)
    assert portions == []


def test_robots_of_the_host() -> None:
    """A host that forbids its address to robots is not connected to."""
    with Firehose(say(at(301))) as host:
        host.documents["/robots.txt"] = b"User-agent: *\nDisallow: /subscribe"
        _, error = hear(host)
        assert host.asked == []
    assert isinstance(error, Blocked)


def test_a_dictionary_that_is_none(tmp_path: Path) -> None:
    """A page in the place of the host's dictionary is malformed, a file that is none an error."""
    with Firehose(say(at(301))) as host:
        host.documents["/xrpc/network.bsky.jetstream.getZstdDictionary"] = b"<html>"
        assert isinstance(hear(host, protocol="v2")[1], Malformed)
        assert host.asked == []
    (tmp_path / "zdict").write_bytes(b"no")
    for path, words in (
        (tmp_path / "zdict", "no Zstandard dictionary"),
        (tmp_path / "x", "cannot"),
    ):
        with pytest.raises(ValueError, match=words):
            Bluesky(BlueskySource(dictionary=path), Client(CONTACT), [])


def test_portions_come_while_the_stream_goes_on() -> None:
    """Whoever has heard enough stops; the connection is closed then."""
    left: list[bool] = []

    def wait(_: Firehose, connection: Any) -> None:
        try:
            connection.recv()
        finally:
            left.append(True)

    async def run(host: Firehose) -> Collection:
        async with Client(CONTACT, limits=QUICK) as client:
            table = BlueskySource.model_validate({"hosts": [host.url], "history": "5m"})
            portions = Bluesky(table, client, [TOPIC]).collect(None, NOW)
            async with aclosing(portions):
                return await anext(portions)

    with Firehose(say_and(wait, at(301), at(305))) as host:
        portion = asyncio.run(run(host))
        assert len(portion.posts) == 2
    assert left == [True]


def test_a_portion_also_when_nothing_matches() -> None:
    """What was listened to is told once an interval, so that quiet is known to be quiet."""
    frames = [
        json.dumps(created(f"3p{each}", START + each * SECOND, "hello")) for each in (301, 305)
    ]

    async def run(host: Firehose) -> Collection:
        async with Client(CONTACT, limits=QUICK) as client:
            keys = {"hosts": [host.url], "history": "5m", "interval": "1s"}
            collector = Bluesky(BlueskySource.model_validate(keys), client, [TOPIC])
            async with aclosing(collector.collect(None, NOW)) as portions:
                return await anext(portions)

    with Firehose(say_and(stay, *frames)) as host:
        portion = asyncio.run(run(host))
    assert portion.posts == ()
    assert portion.watched == (Span(START + 300 * SECOND, START + 305 * SECOND),)


def test_probe() -> None:
    """The first host that answers is named; where none does, the reason is told."""

    async def run(*hosts: str) -> str:
        async with Client(CONTACT, limits=QUICK) as client:
            table = BlueskySource.model_validate({"hosts": hosts})
            return await Bluesky(table, client, [TOPIC]).probe()

    with Firehose(say_and(stay)) as host:
        assert asyncio.run(run(nobody(), host.url)).startswith("reachable (127.0.0.1:")
        assert host.cursors() == []
    with pytest.raises(Unreachable):
        asyncio.run(run(nobody()))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"hosts": ["https://jetstream.example"]}, "no address of a stream"),
        ({"hosts": ["wss://me:secret@jetstream.example"]}, "must hold no login"),
        ({"hosts": []}, "at least 1 item"),
        ({"handle": "me.example"}, "belong together"),
        ({"app_password": "x"}, "belong together"),
        ({"protocol": "v2", "dictionary": "x"}, "the host gives its own"),
    ],
)
def test_settings_that_cannot_be(keys: dict[str, Any], words: str) -> None:
    """What cannot be is refused with what to do instead."""
    with pytest.raises(ValueError, match=words):
        BlueskySource.model_validate(keys)


def test_hosts_as_people_write_them() -> None:
    """The address of the stream itself means its host."""
    table = BlueskySource.model_validate({"hosts": ["wss://a.example/subscribe", "ws://b:80/"]})
    assert table.hosts == ("wss://a.example", "ws://b")


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded frames are not beside this checkout")
def test_recorded_stream() -> None:
    """A real stretch of the network is heard to its end."""
    raw = (RECORDED / "social/bluesky/jetstream-v1-2026-07-04.jsonl").read_text().splitlines()
    last = max(json.loads(each)["time_us"] for each in raw)
    with Firehose(say(*raw)) as host:
        portions, error = hear(
            host, now=instant(last), history="1s", topic=Topic("t", Query(any_of=("a", "i", "the")))
        )
    assert error is None
    assert 1 <= len(identities(portions)) <= 17
    assert len(watched(portions)) == 1
    assert watched(portions)[0].end == instant(last)
