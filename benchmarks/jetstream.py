"""A Jetstream host on the loopback interface, for benchmarks: made-up events, at full speed.

The events are made of posts: those recorded beside this checkout if they are there, else those
below. Everything about an event follows from its number, so that the host can start at any cursor
and everybody knows what must be heard.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlsplit

from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.server import ServerProtocol

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from websockets.http11 import Request

RECORDED = Path(__file__).parents[2] / "shared/data/social/bluesky/jetstream-v1-2026-07-04.jsonl"
OWN = (
    "good morning everybody, the rain has stopped and the coffee is ready",
    "so I read the whole thread twice and I still can't tell which of you two is joking 😅",
    "新しい本を買いました。今夜から読みます。楽しみです。",
    "Ich glaube, das wär's für heute. Morgen geht es weiter, mit neuen Bildern! 📷",
    "the video is up, it took us three weeks: https://videos.example/watch?v=abc",
)
_SAID = (
    "anybody else here since noon today my whole team cannot work again and again the page "
    "just keeps loading then fails with an error what is going on over there please fix this "
    "soon we have a release to ship tonight never had this much trouble with any other service"
)
POSTS = "app.bsky.feed.post"
STEP = 20_000  # microseconds from one event to the next: fifty a second, as on the network
BACK = 1_011  # what is edited or deleted was posted so many events before
AUTHORS = 50_000
_TEXT = b'"text":"'
_GOODBYE = 64  # bytes of the listener's own
_EVERY = 25  # events, of which one speaks of a topic
_BLOCK = 500  # events that are sent at a time


@dataclass(frozen=True, slots=True)
class Script:
    """What the host will say.

    Attributes:
        count: How many events.
        start: The time of the first one, in microseconds since 1970.
        terms: Words by which topics are found; each post that speaks of one has one of them.
        records: Posts as JSON that speak of nothing.
    """

    count: int
    start: int
    terms: tuple[str, ...]
    records: tuple[bytes, ...]

    def remaining(self) -> int:
        """Return how many posts speak of a topic and are not deleted in the end."""
        kinds = [kind(number) for number in range(self.count)]
        return kinds.count("match") - kinds.count("regret")

    def number_at(self, time_us: int) -> int:
        """Return the number of the first event at ``time_us`` or later."""
        return max(-(-(time_us - self.start) // STEP), 0)

    def event(self, number: int) -> bytes:
        """Return an event."""
        what = kind(number)
        about = number - BACK if what in {"delete", "regret", "edit"} else number
        head = b'{"did":"did:plc:%024d","time_us":%d,"kind":' % (
            about % AUTHORS,
            self.start + number * STEP,
        )
        if what == "account":
            return b'%b"account","account":{"active":true,"seq":%d}}' % (head, number)
        place = b'%b"commit","commit":{"rev":"3m%011d","collection":"%b","rkey":"3p%011d"' % (
            head,
            number,
            POSTS.encode(),
            about,
        )
        if what in {"delete", "regret"}:
            return b'%b,"operation":"delete"}}' % place
        record = self.records[number % len(self.records)]
        if what != "post":
            record = self._about(about, record)
        verb = b"update" if what == "edit" else b"create"
        return b'%b,"operation":"%b","record":%b,"cid":"bafyreib%051d"}}' % (
            place,
            verb,
            record,
            number,
        )

    def _about(self, number: int, record: bytes) -> bytes:
        """Return ``record`` with a complaint; people do not all use the same words."""
        term = self.terms[number // _EVERY % len(self.terms)]
        said = " ".join(random.Random(number).choices(_SAID.split(), k=12))
        return record.replace(
            _TEXT, b"%b%b is down again, %b. " % (_TEXT, term.encode(), said.encode()), 1
        )


def kind(number: int) -> str:
    """Return what event ``number`` is.

    4 % are posts that speak of a topic (``match``), 0.1 % edits of these, 0.1 % deletions of these
    (``regret``), 2 % deletions of other posts, 2.5 % of accounts; the others are other posts.
    """
    if number % _EVERY == 0:
        return "match"
    if number % 40 == 7:  # noqa: PLR2004 - which remainders they are does not matter
        return "account"
    if number >= BACK:
        if number % 1_000 == BACK % 1_000:
            return "regret"
        if number % 1_000 == (BACK + _EVERY) % 1_000:
            return "edit"
        if number % 50 == 12:  # noqa: PLR2004
            return "delete"
    return "post"


def records() -> list[bytes]:
    """Return the posts that the events are made of, as JSON."""
    if not RECORDED.exists():
        posts = [{"$type": POSTS, "createdAt": "2026-11-24T12:00:00Z", "text": t} for t in OWN]
    else:
        events = map(json.loads, RECORDED.read_text(encoding="utf-8").splitlines())
        commits = [event["commit"] for event in events if event["kind"] == "commit"]
        posts = [
            commit["record"]
            for commit in commits
            if commit["collection"] == POSTS and commit["operation"] == "create"
        ]
    return [json.dumps(post, ensure_ascii=False, separators=(",", ":")).encode() for post in posts]


def serve(script: Script, told: Connection) -> None:
    """Tell the port, and serve ``script`` to whoever asks, each from their cursor, until killed."""
    with suppress(OSError):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    asyncio.run(_serve(script, told))


async def _serve(script: Script, told: Connection) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await _answer(script, reader, writer)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    told.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _answer(
    script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    path = urlsplit(head.split()[1].decode())
    if path.path != "/subscribe":
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        return
    protocol = ServerProtocol()
    protocol.receive_data(head)
    (request,) = protocol.events_received()
    protocol.send_response(protocol.accept(cast("Request", request)))
    writer.write(b"".join(protocol.data_to_send()))
    first = script.number_at(int(parse_qs(path.query)["cursor"][0]))
    for start in range(first, script.count, _BLOCK):
        numbers = range(start, min(start + _BLOCK, script.count))
        writer.write(b"".join(_framed(script.event(number)) for number in numbers))
        await writer.drain()
    writer.write(
        Frame(Opcode.CLOSE, Close(CloseCode.GOING_AWAY, "").serialize()).serialize(mask=False)
    )
    await writer.drain()
    await reader.read(_GOODBYE)


def _framed(data: bytes) -> bytes:
    """Return a text frame (RFC 6455, section 5.2) of 126 bytes or more, all at once."""
    return b"\x81\x7e%b%b" % (len(data).to_bytes(2), data)
