"""The feed of a YouTube channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.collectors.cases.case import LATER, Case, Routes
from tests.collectors.cases.feed import feed

if TYPE_CHECKING:
    from datetime import datetime

CHANNEL = "UCaaaaaaaaaaaaaaaaaaaaaa"

_NEW_VIDEO = b"""<entry><id>yt:video:bbbbbbbbbb3</id><title>Forgebox again</title>
<published>2026-11-25T12:00:00+00:00</published></entry>"""


def _youtube(moment: datetime) -> Routes:
    return {"/feeds/videos.xml": feed("youtube.xml", _NEW_VIDEO if moment >= LATER else b"")}


CASE = Case(
    kind="youtube",
    routes=_youtube,
    first=frozenset({"yt:video:bbbbbbbbbb2"}),
    later=frozenset({"yt:video:bbbbbbbbbb3"}),
    keys={"channels": [CHANNEL]},
    documents=False,
)
