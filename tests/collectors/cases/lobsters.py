"""Lobsters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.collectors.cases.case import LATER, Case, Routes, text_of
from tests.collectors.cases.feed import feed
from tests.support.web import document

if TYPE_CHECKING:
    from datetime import datetime

_NEW_COMMENT = b"""<item><title>Any story</title><guid>https://lobste.rs/c/cccc09</guid>
<pubDate>Wed, 25 Nov 2026 06:00:00 -0600</pubDate><description>New</description></item>"""


def stories() -> list[dict[str, Any]]:
    """Return the stories of the payload."""
    loaded: list[dict[str, Any]] = json.loads(text_of("lobsters-newest.json"))
    return loaded


def _lobsters(moment: datetime) -> Routes:
    more = _NEW_COMMENT if moment >= LATER else b""
    return {
        "/newest.json": document(stories()),
        "/comments.rss": feed("lobsters-comments.xml", more, b"</channel>"),
    }


CASE = Case(
    kind="lobsters",
    routes=_lobsters,
    first=frozenset(
        f"https://lobste.rs/{each}" for each in ("s/aaaa03", "s/aaaa02", "c/cccc02", "c/cccc01")
    ),
    later=frozenset({"https://lobste.rs/c/cccc09"}),
    keys={},
    documents=False,
)
