"""Reddit: new posts and comments of some subreddits, from its feeds or from its API."""

from __future__ import annotations

from collectors.reddit.collector import Reddit
from collectors.reddit.table import RedditSource

__all__ = ["Reddit", "RedditSource"]
