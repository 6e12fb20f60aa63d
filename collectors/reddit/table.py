"""The settings of Reddit."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

import settings


class RedditSource(settings.Source):
    """``[[sources]]`` with ``kind = "reddit"``.

    Attributes:
        base_url: Where the feeds are, and where an app logs in.
        oauth_url: Where the API is.
        subreddits: Where to listen, all of them with one request.
        comments: Whether comments are heard as well as posts.
        interval: How often it asks; without an app for one of the two feeds at a time.
        spacing: Least time between two requests for feeds.
        history: How far back the first call may reach.
        lag: How long a post may take to appear; so much of the present does not count as listened
            to yet.
        robots: Whether robots.txt is obeyed, which forbids the feeds to all robots.
        feed: The token of an account's private feeds.
        user: The name of that account.
        client_id: The id of an app that Reddit approved; with it the API is asked, not the feeds.
        client_secret: Its secret.
    """

    kind: Literal["reddit"] = "reddit"
    base_url: settings.BaseUrl = Field(default="https://www.reddit.com", validate_default=True)
    oauth_url: settings.BaseUrl = Field(default="https://oauth.reddit.com", validate_default=True)
    subreddits: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{2,30}$")], ...], Field(min_length=1)
    ]
    comments: bool = True
    interval: settings.Duration = timedelta(minutes=2)
    spacing: settings.Duration = timedelta(seconds=60)
    history: settings.Duration = timedelta(hours=6)
    lag: settings.Duration = timedelta(seconds=60)
    robots: Literal["obey", "ignore"] = "obey"
    feed: settings.Secret | None = None
    user: settings.Secret | None = None
    client_id: str = ""
    client_secret: settings.Secret | None = None

    @model_validator(mode="after")
    def _in_pairs(self) -> Self:
        if bool(self.feed) != bool(self.user):
            raise ValueError("feed and user belong together: set both, or neither")
        if bool(self.client_id) != bool(self.client_secret):
            raise ValueError("client_id and client_secret belong together: set both, or neither")
        return self
