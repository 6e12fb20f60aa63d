"""The frames that Jetstream sends, in both of its protocols.

v1 (``/subscribe``)
    ``{"did": ..., "time_us": ..., "kind": "commit", "commit": {"operation": ..., "record": ...}}``
v2 (``/xrpc/network.bsky.jetstream.subscribeEvents``)
    ``{"$type": "message", "payload": {"$type": "...#commit", "did": ..., "time": ..., ...}}`` or
    ``{"$type": "error", "error": "ConsumerTooSlow", "message": ...}``

Both are described in the README of https://github.com/bluesky-social/jetstream, posts in the
lexicon ``app.bsky.feed.post``. Kinds and keys that are not known are passed over.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, TypeAlias

import msgspec
import zstandard
from msgspec import Meta, Raw, Struct

from collectors.html import LONGEST

Protocol: TypeAlias = Literal["v1", "v2"]

LARGEST = 1_000_000
"""Bytes of a frame, unpacked; any record of the network may have as many, a post has few."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ZSTD = b"\x28\xb5\x2f\xfd"  # RFC 8878, section 3.1.1
_MOST_PARTS = 50  # links and tags of a post that are read
_LONGEST_PART = 2_000  # characters of each


class OddFrame(Exception):
    """A frame that cannot be read, and why."""


class Commit(Struct, gc=False):
    """A record that was created, updated or deleted; a deleted one is no longer there."""

    operation: str = ""
    collection: str = ""
    rkey: str = ""
    record: Raw = Raw(b"{}")


class _Payload(Commit, gc=False):
    """What a v2 message carries; an advisory (``#info``) has no time."""

    did: str = ""
    time: Annotated[datetime, Meta(tz=True)] = _EPOCH


class Frame(Struct, gc=False):
    """One event.

    Attributes:
        did: Whose.
        time_us: When the host saw it, in microseconds since 1970.
        commit: What became of a record; None for all other kinds.
        payload: All of these in v2.
        error: Why a v2 stream ends.
    """

    did: str = ""
    time_us: Annotated[int, Meta(ge=0)] = 0
    commit: Commit | None = None
    payload: _Payload | None = None
    error: str = ""


class _Feature(Struct, gc=False):
    uri: str = ""
    tag: str = ""


class _Facet(Struct, gc=False):
    features: list[_Feature] = []


class _Card(Struct, gc=False):
    uri: str = ""
    title: str = ""


class _Media(Struct, gc=False):
    external: _Card | None = None


class _Embed(Struct, gc=False):
    external: _Card | None = None
    media: _Media | None = None


class Record(Struct, gc=False):
    """A post, as far as it is needed."""

    text: str = ""
    langs: list[str] | None = None
    tags: list[str] | None = None
    facets: list[_Facet] | None = None
    embed: _Embed | None = None

    def readable(self) -> str:
        """Return what a reader sees and can follow: text, title of the linked page, links, tags.

        Links stand shortened in the text of a post, and whole in its facets and its card.
        """
        text = self.text[:LONGEST]
        if not (self.facets or self.embed or self.tags):
            return text
        card = _Card()
        if self.embed:
            media = self.embed.media
            card = self.embed.external or (media.external if media else None) or card
        features = [each for facet in self.facets or () for each in facet.features]
        tags = [*(self.tags or ()), *(each.tag for each in features)]
        parts = [
            card.title[:_LONGEST_PART],
            card.uri[:_LONGEST_PART],
            *(each.uri[:_LONGEST_PART] for each in features[:_MOST_PARTS]),
            *(f"#{tag[:_LONGEST_PART]}" for tag in tags[:_MOST_PARTS] if tag),
        ]
        more = (part for part in dict.fromkeys(parts) if part and part not in text)
        return "\n".join((text, *more))


_read_frame = msgspec.json.Decoder(Frame).decode
_read_record = msgspec.json.Decoder(Record).decode


def read_record(commit: Commit) -> Record:
    """Return the post of a commit that created or updated it.

    Raises:
        OddFrame: It is no post.
    """
    try:
        return _read_record(commit.record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise OddFrame(_reason(error)) from None


class Reader:
    """Reads frames, packed with Zstandard or not."""

    def __init__(self, dictionary: bytes = b"") -> None:
        """Prepare to unpack with ``dictionary``; without one, packed frames are odd.

        Raises:
            ValueError: It is no dictionary.
        """
        self.dictionary_id = 0
        self._unpack = None
        if dictionary:
            known = zstandard.ZstdCompressionDict(dictionary)
            self.dictionary_id = known.dict_id()
            if not self.dictionary_id:
                raise ValueError("no Zstandard dictionary")
            self._unpack = zstandard.ZstdDecompressor(dict_data=known).decompress

    def read(self, raw: bytes) -> Frame:
        """Return the event in a frame.

        Raises:
            OddFrame: There is none in it.
        """
        try:
            if raw[:4] == _ZSTD:
                raw = self._unpacked(raw)
            frame = _read_frame(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise OddFrame(_reason(error)) from None
        if frame.payload is not None:
            payload = frame.payload
            time_us = max((payload.time - _EPOCH) // _MICROSECOND, 0)
            return Frame(payload.did, time_us, payload if payload.operation else None)
        if not frame.time_us and not frame.error:
            raise OddFrame("neither an event nor the end of the stream")
        return frame

    def _unpacked(self, raw: bytes) -> bytes:
        """Return a packed frame unpacked; its header may state any size, or none.

        Raises:
            OddFrame: It cannot be unpacked, or is too large.
        """
        if self._unpack is None:
            raise OddFrame("packed, although nobody asked for it")
        try:
            if zstandard.frame_content_size(raw) > LARGEST:
                raise OddFrame(f"unpacks to more than {LARGEST:,} bytes")
            return self._unpack(raw, max_output_size=LARGEST)
        except zstandard.ZstdError as error:
            raise OddFrame(_reason(error)) from None


def plain(text: str) -> str:
    """Return a text of the network as one short line of plain characters."""
    return " ".join(text[:100].encode("ascii", "replace").decode().split())


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {plain(str(error))}"
