"""What was heard of a stream since it was stored last: posts, edits, deletions, and which time."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from pydantic import BaseModel

from collectors import payload
from collectors.bluesky.frames import OddFrame, plain, read_record
from collectors.contract import Malformed, Unreachable
from collectors.html import tidy
from signals import Collection, Post, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from collectors.bluesky.frames import Commit, Frame, Record
    from collectors.matching import Matcher

SOURCE = "bluesky"
POSTS = "app.bsky.feed.post"

_log = structlog.get_logger()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST = 2_000  # posts and deletions that are stored at a time
_MOST_ODD = 20  # frames in a row
_MOST_AHEAD = 3_600_000_000  # microseconds that the clock of a host may be fast
# https://atproto.com/specs/did and https://atproto.com/specs/record-key
_IDENTITY = re.compile(r"did:[a-z]{1,20}:[\w.:%-]{1,500}/[\w.~:-]{1,512}", re.ASCII)


def instant(time_us: int) -> datetime:
    """Return the instant that lies ``time_us`` microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=time_us)


def micros(value: datetime | timedelta) -> int:
    """Return the microseconds from 1970 to an instant, or those of a duration."""
    return (value - _EPOCH if isinstance(value, datetime) else value) // _MICROSECOND


class Cursor(BaseModel):
    """Where to resume.

    Attributes:
        time_us: Up to when was listened, in microseconds since 1970.
        host: By the clock of which host; empty before any was heard.
    """

    time_us: int
    host: str = ""


class Hearing:
    """Takes frames, and gives what they say of the topics in portions.

    A post that speaks of no topic is dropped at once. Of what happened to the same post, the latest
    counts.

    Attributes:
        reached: Up to which time was listened, but never past the present, in microseconds since
            1970.
        host: By the clock of which host; to be set when another one is heard.
        frames: How many frames were taken.
    """

    def __init__(
        self, matcher: Matcher, start: Cursor, silence: int, present: Callable[[], int]
    ) -> None:
        """Go on where an earlier call got to.

        Args:
            matcher: Finds the topics.
            start: Where that was.
            silence: The longest time between two events that passes for listening; after a longer
                one the host did not have what was said.
            present: Tells the present, as all times here in microseconds.
        """
        self.reached = self._since = min(start.time_us, present())
        self.host = start.host
        self.frames = 0
        self._matches = matcher.match
        self._silence = silence
        self._present = present
        self._watched: list[Span] = []
        self._posts: dict[str, Post] = {}
        self._withdrawn: dict[str, None] = {}
        self._odd_in_a_row = 0

    @property
    def is_due(self) -> bool:
        """Whether there is something that should not wait to be stored."""
        return bool(self._posts) or len(self._withdrawn) >= _MOST

    def take(self, frame: Frame) -> bool:
        """Take the next frame; return whether a portion should be made before another comes.

        Raises:
            OddFrame: It is a post of another shape, or its time cannot be.
            Unreachable: It says that the stream ends.
        """
        time_us = frame.time_us
        if time_us > self.reached:
            present = self._present()
            if time_us > present + _MOST_AHEAD:
                raise OddFrame("an event of the future")
            time_us = min(time_us, present)
        elif frame.error:
            raise Unreachable(f"{SOURCE}: the host ends the stream: {plain(frame.error)}")
        commit = frame.commit
        if commit is not None and commit.collection == POSTS:
            self._change(frame.did, commit, time_us)
            self._odd_in_a_row = 0
        if time_us > self.reached:
            self._reach(time_us)
        self.frames += 1
        return len(self._posts) + len(self._withdrawn) >= _MOST

    def skip(self, odd: OddFrame) -> None:
        """Pass over a frame that cannot be read: one must not silence the source for ever.

        Raises:
            Malformed: There are too many in a row to be accidents.
        """
        self._odd_in_a_row += 1
        if self._odd_in_a_row == 1:
            _log.warning("odd frame skipped", source=SOURCE, reason=str(odd))
        if self._odd_in_a_row >= _MOST_ODD:
            raise Malformed(f"{SOURCE}: frames of another shape: {odd}")

    def portion(self) -> Collection:
        """Return what was heard since the last portion, and begin another."""
        self._end_stretch()
        found = Collection(
            source=SOURCE,
            posts=tuple(self._posts.values()),
            withdrawn=tuple(self._withdrawn),
            watched=tuple(self._watched),
            cursor=Cursor(time_us=self.reached, host=self.host).model_dump_json(),
        )
        self._posts, self._withdrawn, self._watched = {}, {}, []
        return found

    def _reach(self, time_us: int) -> None:
        if time_us - self.reached > self._silence:
            self._end_stretch()
            self._since = time_us
        self.reached = time_us

    def _end_stretch(self) -> None:
        if self.reached > self._since:
            self._watched.append(Span(instant(self._since), instant(self.reached)))
        self._since = self.reached

    def _change(self, did: str, commit: Commit, time_us: int) -> None:
        if commit.operation == "delete":
            identity = _identity(did, commit.rkey)
            self._posts.pop(identity, None)
            self._withdrawn[identity] = None
            return
        record = read_record(commit)
        edited = commit.operation == "update"
        # An edited post may speak of a topic no longer: it is told of in any case.
        if edited or self._matches(record.readable()):
            found = post(record, did, commit.rkey, instant(time_us), edited=edited)
            self._withdrawn.pop(found.id, None)
            known = self._posts.get(found.id, found)
            self._posts[found.id] = replace(found, time=known.time) if edited else known


def post(record: Record, did: str, rkey: str, time: datetime, *, edited: bool = False) -> Post:
    """Return ``record`` as the rest of hubbub knows a post.

    Args:
        record: As it is on the network.
        did: Its author.
        rkey: Its name within its author's posts.
        time: When it was heard, which is when it was posted: its own time is that of the author's
            clock.
        edited: Whether it replaces what its author wrote before.

    Raises:
        OddFrame: Author or name are none.
    """
    languages = record.langs or ()
    return Post(
        source=SOURCE,
        id=_identity(did, rkey),
        text=tidy(record.readable()),
        time=time,
        author=did,
        url=f"https://bsky.app/profile/{did}/post/{rkey}",
        language=payload.language(languages[0]) if len(languages) == 1 else None,
        revised=time if edited else None,
    )


def _identity(did: str, rkey: str) -> str:
    if _IDENTITY.fullmatch(f"{did}/{rkey}") is None:
        raise OddFrame("a post without a proper identity")
    return f"at://{did}/{POSTS}/{rkey}"
