"""Hacker News' search API."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.collectors.cases.case import LATER, Case, Routes, text_of
from tests.support.web import Reply, document

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.web import Asked, Route

_NEW_HIT = {
    "objectID": "51000009",
    "created_at_i": int(LATER.timestamp()) - 600,
    "author": "new",
    "title": "Forgebox again",
}


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


def items(changed: dict[str, Any]) -> Routes:
    """Return Hacker News' own API, which says that these items changed lately."""
    updates = {"items": [int(identity) for identity in changed], "profiles": ["ada"]}
    return {
        "/v0/updates.json": document(updates),
        **{f"/v0/item/{identity}.json": document(item) for identity, item in changed.items()},
    }


def _item(hit: dict[str, Any]) -> dict[str, Any]:
    """Return a hit as an item that was not changed."""
    text = hit.get("comment_text") or hit.get("story_text") or ""
    title = {} if hit.get("comment_text") else {"title": hit["title"]}
    return {"id": int(hit["objectID"]), "by": hit["author"], "text": text, **title}


def _hackernews(moment: datetime) -> Routes:
    hits = json.loads(text_of("hackernews.json"))["hits"]
    return {
        "/api/v1/search_by_date": search([*hits, _NEW_HIT] if moment >= LATER else hits),
        **items({hit["objectID"]: _item(hit) for hit in hits[:3]}),
    }


CASE = Case(
    kind="hackernews",
    routes=_hackernews,
    first=frozenset({"51000001", "51000002", "51000003"}),
    later=frozenset({"51000009"}),
    keys={"history": "2h"},
    also=("items_url",),
)
