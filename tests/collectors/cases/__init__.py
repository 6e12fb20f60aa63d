"""One case for each kind of source; the conformance suite runs over all of them."""

from __future__ import annotations

from tests.collectors.cases import (
    appstore,
    bluesky,
    discourse,
    distrowatch,
    feed,
    googlenews,
    hackernews,
    inbox,
    lemmy,
    lobsters,
    mastodon,
    reddit,
    simulator,
    stackexchange,
    statuspage,
    x,
    youtube,
)
from tests.collectors.cases.case import LATER, NOW, PAYLOADS, RECORDED, Case, Routes, text_of

CASES = (
    appstore.CASE,
    bluesky.CASE,
    discourse.CASE,
    distrowatch.CASE,
    feed.CASE,
    googlenews.CASE,
    hackernews.CASE,
    inbox.CASE,
    lemmy.CASE,
    lobsters.CASE,
    mastodon.CASE,
    reddit.CASE,
    simulator.CASE,
    stackexchange.CASE,
    statuspage.CASE,
    x.CASE,
    youtube.CASE,
)
ONLINE = tuple(case for case in CASES if case.online)

__all__ = [
    "CASES",
    "LATER",
    "NOW",
    "ONLINE",
    "PAYLOADS",
    "RECORDED",
    "Case",
    "Routes",
    "text_of",
]
