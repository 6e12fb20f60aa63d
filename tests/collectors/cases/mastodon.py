"""A Mastodon instance."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.collectors.cases.case import LATER, Case, Routes, text_of
from tests.support.web import Reply, document

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.web import Asked, Route


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


def _mastodon(moment: datetime) -> Routes:
    statuses = json.loads(text_of("mastodon-tag.json"))
    new = moved(statuses[0], LATER - timedelta(minutes=5), "https://social.example/users/new/1")
    return {
        "/api/v2/instance": document(json.loads(text_of("mastodon-instance.json"))),
        "/api/v1/timelines/tag/forgebox": timeline(
            [*statuses, new] if moment >= LATER else statuses
        ),
    }


CASE = Case(
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
)
