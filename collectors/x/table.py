"""The settings of X."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

import settings

LEAST = 10
"""The fewest posts that may be asked for at a time."""


class XSource(settings.Source):
    """``[[sources]]`` with ``kind = "x"``.

    Attributes:
        base_url: Where the API is.
        token: The app's bearer token.
        interval: How often it asks.
        history: How far back the first call reaches.
        lag: How long a post may take to be found; so much of the present does not count as
            listened to yet. The search itself leaves out the last 30 seconds.
        most_posts: How many posts are read in a calendar month (UTC), at most: each one costs.
        mode: Whether posts are searched for at once, or counted first, and searched for only if
            there are any.
    """

    kind: Literal["x"] = "x"
    base_url: settings.BaseUrl = Field(default="https://api.x.com", validate_default=True)
    token: settings.Secret
    interval: settings.Duration = timedelta(minutes=5)
    history: settings.Duration = timedelta(hours=1)
    lag: settings.Duration = timedelta(seconds=60)
    most_posts: Annotated[int, Field(ge=LEAST)] = 10_000
    mode: Literal["search", "counts"] = "search"
