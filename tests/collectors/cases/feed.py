"""An Atom feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.collectors.cases.case import LATER, PAYLOADS, Case, Routes
from tests.support.web import Reply

if TYPE_CHECKING:
    from datetime import datetime

_NEW_ENTRY = b"""<entry><id>tag:blog.example,2026:3</id><title>Forgebox again</title>
<published>2026-11-25T12:30:00Z</published></entry>"""


def feed(name: str, more: bytes = b"", end: bytes = b"</feed>") -> Reply:
    """Return the feed in the payload file ``name``, with ``more`` entries behind the others."""
    body = (PAYLOADS / name).read_bytes()
    return Reply(body.replace(end, more + end), "application/xml")


def _feed(moment: datetime) -> Routes:
    return {"/": feed("feed-atom.xml", _NEW_ENTRY if moment >= LATER else b"")}


CASE = Case(
    kind="feed",
    routes=_feed,
    first=frozenset({"tag:blog.example,2026:1", "tag:blog.example,2026:2"}),
    later=frozenset({"tag:blog.example,2026:3"}),
    keys={},
    documents=False,
    address="url",
)
