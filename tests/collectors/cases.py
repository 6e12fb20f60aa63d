"""One case for each kind of source: a good server for it, and what must be heard there.

The conformance suite runs over all of them. Each case has two moments, an hour apart: what is
there at ``NOW``, and what is there ``LATER``, with one thing more.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from collectors import KINDS
from tests.support.web import Reply, document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collectors import Client, Collector
    from tests.support.web import Asked, Route

PAYLOADS = Path(__file__).parent / "payloads"
RECORDED = Path(__file__).parents[3] / "shared" / "data"

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)

Routes: TypeAlias = "dict[str, Route]"

_NEW_HIT = {
    "objectID": "51000009",
    "created_at_i": int(LATER.timestamp()) - 600,
    "author": "new",
    "title": "Forgebox again",
}


@dataclass(frozen=True, slots=True)
class Case:
    """How one kind of source is tested.

    Attributes:
        kind: Its name in the settings.
        routes: A good server's answers at a moment, ``NOW`` or ``LATER``.
        first: Identities of what is heard at first.
        later: Identities of what is heard from the cursor on, later; more may be heard again.
        keys: Further keys of its settings.
        online: Whether it asks a server at all.
    """

    kind: str
    routes: Callable[[datetime], Routes]
    first: frozenset[str]
    later: frozenset[str]
    keys: Mapping[str, Any]
    online: bool = True

    def collector(self, base_url: str, client: Client, **keys: object) -> Collector:
        """Return a collector that asks the server at ``base_url``."""
        kind = KINDS[self.kind]
        address = {"base_url": base_url} if self.online else {}
        table = kind.table.model_validate({"kind": self.kind, **address, **self.keys, **keys})
        return kind.collector(table, client, ())


def text_of(name: str) -> str:
    """Return the payload file ``name``."""
    return (PAYLOADS / name).read_text(encoding="utf-8")


def search(hits: list[dict[str, Any]], most: int = 1_000) -> Route:
    """Return Algolia's ``search_by_date`` over ``hits``: within the times, newest first."""

    def answer(asked: Asked) -> Reply:
        found = sorted(hits, key=lambda hit: -hit["created_at_i"])
        for sign, bound in re.findall(r"created_at_i([<>])(\d+)", asked.query["numericFilters"]):
            found = [
                hit
                for hit in found
                if (
                    hit["created_at_i"] > int(bound)
                    if sign == ">"
                    else hit["created_at_i"] < int(bound)
                )
            ]
        size = min(int(asked.query.get("hitsPerPage", "20")), most)
        return document({"hits": found[:size], "hitsPerPage": size, "nbHits": len(found)})

    return answer


def timeline(statuses: list[dict[str, Any]]) -> Route:
    """Return Mastodon's tag timeline over ``statuses``: what follows ``min_id``, newest first."""

    def answer(asked: Asked) -> Reply:
        after = int(asked.query.get("min_id", "0"))
        newer = sorted((int(status["id"]), at) for at, status in enumerate(statuses))
        page = [at for identity, at in newer if identity > after][: int(asked.query["limit"])]
        return document([statuses[at] for at in reversed(page)])

    return answer


def moved(status: dict[str, Any], time: datetime, uri: str) -> dict[str, Any]:
    """Return a copy of ``status``, posted at ``time``."""
    identity = str(int(time.timestamp()) * 1_000 << 16)
    return status | {"id": identity, "uri": uri, "created_at": time.isoformat()}


def _hackernews(moment: datetime) -> Routes:
    hits = json.loads(text_of("hackernews.json"))["hits"]
    return {"/api/v1/search_by_date": search([*hits, _NEW_HIT] if moment >= LATER else hits)}


def _mastodon(moment: datetime) -> Routes:
    statuses = json.loads(text_of("mastodon-tag.json"))
    new = moved(statuses[0], LATER - timedelta(minutes=5), "https://social.example/users/new/1")
    return {
        "/api/v2/instance": document(json.loads(text_of("mastodon-instance.json"))),
        "/api/v1/timelines/tag/forgebox": timeline(
            [*statuses, new] if moment >= LATER else statuses
        ),
    }


def _distrowatch(_: datetime) -> Routes:
    return {"/dwres.php": Reply(text_of("distrowatch-popularity.html").encode())}


def _ranking(day: str) -> frozenset[str]:
    slugs = ("adelie", "cachyos", "hackbang", "mint", "popos")
    return frozenset(f"{slug} {span} {day}" for slug in slugs for span in ("12m", "6m", "3m", "1m"))


CASES = (
    Case(
        kind="hackernews",
        routes=_hackernews,
        first=frozenset({"51000001", "51000002", "51000003"}),
        later=frozenset({"51000009"}),
        keys={"history": "2h"},
    ),
    Case(
        kind="mastodon",
        routes=_mastodon,
        first=frozenset(
            {
                "https://social.example/users/ada/statuses/1",
                "https://elsewhere.example/users/bob/statuses/2",
                "https://third.example/users/carol/statuses/5",
            }
        ),
        later=frozenset({"https://social.example/users/new/1"}),
        keys={"tags": ["forgebox"]},
    ),
    Case(
        kind="distrowatch",
        routes=_distrowatch,
        first=_ranking("2026-11-24"),
        later=_ranking("2026-11-25"),
        keys={"rows": 5, "spacing": "0.001s"},
    ),
    Case(
        kind="simulator",
        routes=lambda _: {},
        first=frozenset(),
        later=frozenset(),
        keys={"history": "1h"},
        online=False,
    ),
)
ONLINE = tuple(case for case in CASES if case.online)
