"""One case for each kind of source; the conformance suite runs over all of them."""

from __future__ import annotations

from tests.collectors.cases import distrowatch, hackernews, mastodon, simulator
from tests.collectors.cases.case import LATER, NOW, PAYLOADS, RECORDED, Case, Routes, text_of

CASES = (
    distrowatch.CASE,
    hackernews.CASE,
    mastodon.CASE,
    simulator.CASE,
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
