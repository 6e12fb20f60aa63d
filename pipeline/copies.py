"""Which posts say again what another one said shortly before: reposts, copied texts, spam.

Ten people who write "GitHub is down" are ten complaints; one text that is pasted ten times is one.
So short texts count as copies only if the same author repeats them, or if they say themselves that
they are reposts. Longer ones are copies if they share most of their wording with another one: they
are compared by sketches of their three-word shingles (A. Broder, "On the resemblance and
containment of documents", 1997), so that another link, handle or word does not hide a copy.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from zlib import crc32

from pipeline.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from signals import Mention, Post

WINDOW = timedelta(days=1)
"""How far apart two posts may be, one the copy of the other."""

REMEMBERED = 10_000
"""Posts among which an original is looked for, the latest ones."""

LONG = 12
"""Words of a text that two people do not write alike by chance."""

_SKETCH = 8  # the smallest shingles of a text, by their hash
_RESEMBLES = 6  # of them in common: about seven tenths of all shingles
_HOLDERS = 32  # the latest posts with a mark that are looked at; what more share tells little
_REPOST = re.compile(r"(?:rt|via|repost(?:ed)?)\b[\s:]*[@＠]", re.IGNORECASE)  # noqa: RUF001 - handles


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is remembered of a post; never its text.

    Attributes:
        author: A keyed hash of them; empty if unknown.
        time: When it was posted.
        marks: What its copies share: the smallest hashes of its shingles; if it is short, one
            hash of all its words; nothing if it has no words.
        is_long: Whether it is too long to be written twice by chance.
    """

    author: str
    time: datetime
    marks: tuple[int, ...]
    is_long: bool


class Copies:
    """Tells copies from originals, one post after another.

    Memory and the time of a look are bounded.
    """

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._seen: OrderedDict[tuple[str, str], _Seen] = OrderedDict()
        self._holders: dict[int, list[tuple[str, str]]] = {}

    def mark(
        self, mentions: Sequence[Mention], anonymous: Callable[[str, str], str]
    ) -> list[Mention]:
        """Return ``mentions``, those of one post side by side, with the copies marked.

        Args:
            mentions: What was heard.
            anonymous: Makes of source and author what an author is remembered as.
        """
        marked: list[Mention] = []
        for post, group in groupby(mentions, key=lambda mention: mention.post):
            is_copy = self.is_copy(replace(post, author=anonymous(post.source, post.author)))
            marked.extend(replace(mention, copy=True) if is_copy else mention for mention in group)
        return marked

    def is_copy(self, post: Post) -> bool:
        """Tell whether ``post`` says again what another one said within ``WINDOW``; remember it.

        A post that comes again, changed or not, is no copy of itself.
        """
        key = (post.source, post.id)
        self._forget(key)
        seen = _read(post)
        found = self._has_original(seen, is_repost=_REPOST.match(post.text) is not None)
        self._seen[key] = seen
        for mark in seen.marks:
            holders = self._holders.setdefault(mark, [])
            holders.append(key)
            del holders[:-_HOLDERS]
        if len(self._seen) > REMEMBERED:
            self._forget(next(iter(self._seen)))
        return found

    def _has_original(self, seen: _Seen, *, is_repost: bool) -> bool:
        shared = Counter(key for mark in seen.marks for key in self._holders.get(mark, ()))
        for key, count in shared.items():
            other = self._seen[key]
            if abs(seen.time - other.time) > WINDOW:
                continue
            is_same_author = seen.author != "" and seen.author == other.author
            if count >= _RESEMBLES if seen.is_long else is_repost or is_same_author:
                return True
        return False

    def _forget(self, key: tuple[str, str]) -> None:
        if (seen := self._seen.pop(key, None)) is None:
            return
        for mark in seen.marks:
            holders = self._holders.get(mark, [])
            if key in holders:
                holders.remove(key)
            if not holders:
                self._holders.pop(mark, None)


def _read(post: Post) -> _Seen:
    """Return what is remembered of ``post``."""
    words = words_of(post.text)
    if words[:1] == ["rt"]:
        del words[0]
    if len(words) < LONG:
        marks = (crc32(" ".join(words).encode()),) if words else ()
        return _Seen(post.author, post.time, marks, is_long=False)
    encoded = [f"{word} ".encode() for word in words]
    shingles = zip(encoded, encoded[1:], encoded[2:], strict=False)
    sketch = sorted({crc32(first + second + third) for first, second, third in shingles})[:_SKETCH]
    return _Seen(post.author, post.time, tuple(sketch), is_long=True)
