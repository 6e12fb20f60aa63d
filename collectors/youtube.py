"""YouTube channels, through the feed that each of them has.

The feed (``/feeds/videos.xml?channel_id=``) shows the newest 15 videos with title and description.
Comments are not in it: they need a key of Google's Data API. YouTube's robots.txt forbids these
feeds, although every channel's page offers its own to feed readers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

import settings  # noqa: TC001 - pydantic reads the annotations below
from collectors.feed import Feeds, FeedTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collectors.client import Client
    from signals import Topic

SOURCE = "youtube"


class YouTubeSource(FeedTable):
    """``[[sources]]`` with ``kind = "youtube"``.

    Attributes:
        base_url: Where YouTube is.
        channels: The ids of the channels.
    """

    kind: Literal["youtube"] = "youtube"
    base_url: settings.BaseUrl = Field(default="https://www.youtube.com", validate_default=True)
    channels: Annotated[
        tuple[Annotated[str, Field(pattern=r"^UC[\w-]{22}$")], ...], Field(min_length=1)
    ]


class YouTube(Feeds):
    """Collects the videos of some channels."""

    def __init__(self, table: YouTubeSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet."""
        feed = f"{table.base_url}/feeds/videos.xml?channel_id="
        addresses = {channel: feed + channel for channel in table.channels}
        super().__init__(SOURCE, table, client, topics, addresses)
        self.fastest = self.interval
