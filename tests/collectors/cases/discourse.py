"""A Discourse forum."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.collectors.cases.case import LATER, Case, Routes, text_of
from tests.support.web import Reply, document

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.web import Asked, Route

Posts = list[dict[str, Any]]


def posts() -> Posts:
    """Return the posts of the payload."""
    found: Posts = json.loads(text_of("discourse-posts.json"))["latest_posts"]
    return found


def moved(post: dict[str, Any], identity: int, time: datetime) -> dict[str, Any]:
    """Return a copy of ``post``, written at ``time``."""
    return post | {"id": identity, "created_at": time.isoformat(), "updated_at": time.isoformat()}


def forum(found: Posts, hidden: frozenset[int] = frozenset()) -> Route:
    """Return the latest posts as most versions of Discourse give them.

    Those are the 50 newest up to ``before``, less the ``hidden`` ones.
    """

    def answer(asked: Asked) -> Reply:
        before = int(asked.query.get("before", "0"))
        newest = sorted(found, key=lambda post: -int(post["id"]))
        page = [post for post in newest if not before or post["id"] <= before][:50]
        return document({"latest_posts": [post for post in page if post["id"] not in hidden]})

    return answer


def _discourse(moment: datetime) -> Routes:
    found = posts()
    if moment >= LATER:
        found.append(moved(found[4], 4200, LATER - timedelta(minutes=5)))
    return {"/posts.json": forum(found)}


CASE = Case(
    kind="discourse",
    routes=_discourse,
    first=frozenset({"4100", "4101", "4103", "4105"}),
    later=frozenset({"4200"}),
    keys={},
)
