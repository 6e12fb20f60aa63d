"""What the feeds and the API of Reddit have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    from signals import Post

Listing: TypeAlias = Literal["new", "comments"]
"""What Reddit calls the newest posts, and the newest comments."""

PAGE = 100
"""Posts or comments a page, the most that Reddit gives."""
QUOTES = ("blockquote",)
"""Elements that hold other people's words."""
BOT = "AutoModerator"
"""Reddit's own; it writes the same under many posts."""

_REMOVED = re.compile(
    r"\[ ?(?:removed|deleted)(?: by (?:reddit|moderators?|user))? ?\]", re.IGNORECASE
)


class Page(NamedTuple):
    """The newest of a listing.

    Attributes:
        posts: What people said.
        withdrawn: Ids of what was deleted or removed.
        oldest: When the oldest thing on it was said, withdrawn or not.
        newest: When the newest was.
    """

    posts: tuple[Post, ...]
    withdrawn: tuple[str, ...]
    oldest: datetime
    newest: datetime


def is_removed(text: str) -> bool:
    """Return whether ``text`` is what Reddit puts in the place of what was taken back."""
    return _REMOVED.fullmatch(text) is not None
