"""How far the search for a query has come, and what ids say about time.

An id holds the millisecond at which its post was made: https://docs.x.com/fundamentals/x-ids.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field

from signals import from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

_REACH = timedelta(days=7) - timedelta(hours=1)  # an older id is refused; some slack
_EPOCH = 1_288_834_974_657  # milliseconds; what ids count from
_ID_SHIFT = 22  # bits of an id below its milliseconds

Id = Annotated[str, Field(pattern=r"^\d{1,19}$")]
"""The id of a post."""


class Walk(BaseModel):
    """How far a query was heard; times are seconds since 1970.

    Attributes:
        start: From when on it was heard without a gap.
        heard: Up to when it was heard.
        since: The id of the latest post of that time.
        until: Up to when it will have been heard once the pages under way are read.
        newest: The id of the latest post on them.
        page: The token of the next of them; empty if none is under way.
    """

    start: int
    heard: int
    since: Id
    until: int = 0
    newest: Id = "0"
    page: str = ""

    @classmethod
    def starting(cls, time: int) -> Walk:
        """Return a walk that begins with the posts of ``time``."""
        return cls(start=time, heard=time, since=id_at(time))

    def continued(self, until: int, now: datetime) -> Walk:
        """Return it with a page to read next, the first or the one that is under way.

        Where X reaches no further back than to a time that was not heard yet, there is a gap.
        """
        reach = seconds(now - _REACH)
        if time_of(self.since) < from_seconds(reach):
            start = self.start if self.heard >= reach else reach
            heard, since = max(self.heard, reach), id_at(reach)
            return Walk(start=start, heard=heard, since=since, newest=since, until=until)
        if self.page:
            return self
        return self.model_copy(update={"until": until, "newest": self.since})

    def after(self, ids: Iterable[str], token: str) -> Walk:
        """Return it once a page with the posts ``ids`` is read.

        Args:
            ids: What was on the page.
            token: What leads to the next page; empty if there is none.
        """
        newest = max((self.newest, *ids), key=int)
        if token:
            return self.model_copy(update={"newest": newest, "page": token})
        return Walk(start=self.start, heard=max(self.heard, self.until), since=newest)


class Cursor(BaseModel):
    """Where to resume.

    Attributes:
        month: Which month the count is of.
        read: Posts that were read in it.
        told: Up to when it was said which time was heard.
        walks: How far each query was heard.
    """

    month: str
    read: int
    told: int
    walks: dict[str, Walk]


def id_at(time: int) -> str:
    """Return the least id that a post of ``time`` (seconds since 1970) may have."""
    return str(max(time * 1_000 - _EPOCH, 0) << _ID_SHIFT)


def time_of(identity: str) -> datetime:
    """Return when the post ``identity`` was made."""
    return from_seconds(((int(identity) >> _ID_SHIFT) + _EPOCH) / 1_000)
