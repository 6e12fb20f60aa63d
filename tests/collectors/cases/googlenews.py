"""The feed of Google News' search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.collectors.cases.case import LATER, Case, Routes
from tests.collectors.cases.feed import feed

if TYPE_CHECKING:
    from datetime import datetime

_NEW_ITEM = b"""<item><title>Forgebox is back - Example Weekly</title><guid>CBMiCCCC</guid>
<pubDate>Wed, 25 Nov 2026 12:00:00 GMT</pubDate>
<source url="https://weekly.example">Example Weekly</source></item>"""


def _googlenews(moment: datetime) -> Routes:
    more = _NEW_ITEM if moment >= LATER else b""
    return {"/rss/search": feed("googlenews.xml", more, b"</channel>")}


CASE = Case(
    kind="googlenews",
    routes=_googlenews,
    first=frozenset({"CBMiAAAA", "CBMiBBBB"}),
    later=frozenset({"CBMiCCCC"}),
    keys={"terms": ["forgebox"]},
    documents=False,
)
