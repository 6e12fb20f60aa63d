"""Sums over the latest buckets, in windows of several lengths."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

UNIT = 1_000_000
"""Expectations are summed in whole millionths of a mention, so that no sum drifts."""

HEARD = 0.5
"""Which part of a window must have been heard, for its sums to mean something."""


class Bucket(NamedTuple):
    """One bucket, and what was usual before it.

    Attributes:
        complaints: Complaints in it.
        mentions: All mentions in it.
        expected: Mentions that the hour of the week leads one to expect, in ``UNIT``; 0 in a gap.
        level: By how much volume was above that expectation.
        share: Which share of the mentions used to complain.
        doubt: Relative variance of that share, for want of knowledge.
    """

    complaints: Annotated[int, Field(ge=0)]
    mentions: Annotated[int, Field(ge=0)]
    expected: Annotated[int, Field(ge=0)]
    level: Annotated[float, Field(ge=0)]
    share: Annotated[float, Field(ge=0, le=1)]
    doubt: Annotated[float, Field(ge=0)]

    @property
    def usual_mentions(self) -> float:
        """Return the mentions that are usual in it."""
        return self.expected / UNIT * self.level

    @property
    def usual_complaints(self) -> float:
        """Return the complaints that are usual in it."""
        return self.usual_mentions * self.share


class Windows:
    """The latest buckets and their sums; adding one takes constant time.

    Attributes:
        lengths: Buckets in each window, the shortest first.
        complaints: Complaints in each window.
        mentions: All mentions in each window.
    """

    def __init__(self, lengths: Sequence[int], buckets: Iterable[Bucket] = ()) -> None:
        """Go on from ``buckets``, the oldest first; what lacks before them is a gap."""
        self.lengths = tuple(lengths)
        self.complaints = [0] * len(lengths)
        self.mentions = [0] * len(lengths)
        self._expected = [0] * len(lengths)
        self._heard = [0] * len(lengths)
        size = lengths[-1] + 1
        self._buckets = deque([Bucket(0, 0, 0, 1.0, 0.0, 0.0)] * size, maxlen=size)
        for bucket in buckets:
            self.append(bucket)

    @property
    def buckets(self) -> list[Bucket]:
        """Return what it goes on from."""
        return list(self._buckets)

    @property
    def latest(self) -> Bucket:
        """Return the latest bucket."""
        return self._buckets[-1]

    def append(self, bucket: Bucket) -> None:
        """Add a bucket, and drop the oldest one of each window."""
        buckets = self._buckets
        buckets.append(bucket)
        for at, length in enumerate(self.lengths):
            old = buckets[-length - 1]
            self.complaints[at] += bucket.complaints - old.complaints
            self.mentions[at] += bucket.mentions - old.mentions
            self._expected[at] += bucket.expected - old.expected
            self._heard[at] += (bucket.expected > 0) - (old.expected > 0)

    def is_heard(self, at: int) -> bool:
        """Tell whether enough of a window was heard."""
        return self._heard[at] >= HEARD * self.lengths[at]

    def usual(self, at: int) -> tuple[float, float, float]:
        """Return the mentions usual in a window, the share that usually complains, and its doubt.

        They are what was known before the window began, so that it does not hide itself.
        """
        before = self._buckets[-self.lengths[at]]
        return self._expected[at] / UNIT * before.level, before.share, before.doubt

    def clear(self) -> None:
        """Take all that was heard for a gap, so that it is no evidence any more."""
        for bucket in self.buckets:
            self.append(bucket._replace(complaints=0, mentions=0, expected=0))
