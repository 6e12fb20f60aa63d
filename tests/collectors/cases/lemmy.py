"""A Lemmy instance: 0.19 for the suite, and what the tests of 1.0 need."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.collectors.cases.case import LATER, Case, Routes, text_of
from tests.support.web import Reply, document

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.web import Asked, Route

Views = list[dict[str, Any]]


def listing(name: str, views: Views) -> Route:
    """Return a list of 0.18 or 0.19, under ``name``: newest first, in numbered pages."""

    def answer(asked: Asked) -> Reply:
        limit, number = int(asked.query["limit"]), int(asked.query.get("page", "1"))
        return document({name: views[limit * (number - 1) : limit * number]})

    return answer


def paged(views: Views) -> Route:
    """Return a list of 1.0: newest first, with the cursor of the next page."""

    def answer(asked: Asked) -> Reply:
        start = int(asked.query.get("page_cursor", "P0")[1:])
        end = start + int(asked.query["limit"])
        onward = {"next_page": f"P{end}"} if end < len(views) else {}
        return document({"items": views[start:end], **onward})

    return answer


def views_of(name: str) -> Views:
    """Return the views in the payload file ``name``."""
    answer = json.loads(text_of(name))
    found: Views = next(value for value in answer.values() if isinstance(value, list))
    return found


def moved(view: dict[str, Any], what: str, time: datetime, ap_id: str) -> dict[str, Any]:
    """Return a copy of ``view``, said at ``time``."""
    published = "published" if "published" in view[what] else "published_at"
    return view | {what: view[what] | {published: time.isoformat(), "ap_id": ap_id}}


def _lemmy(moment: datetime) -> Routes:
    posts, comments = views_of("lemmy-v3-posts.json"), views_of("lemmy-v3-comments.json")
    if moment >= LATER:
        comments = [
            moved(comments[1], "comment", LATER, "https://forum.example/comment/301"),
            *comments,
        ]
    return {
        "/api/v3/site": document(json.loads(text_of("lemmy-v3-site.json"))),
        "/api/v3/post/list": listing("posts", posts),
        "/api/v3/comment/list": listing("comments", comments),
    }


CASE = Case(
    kind="lemmy",
    routes=_lemmy,
    first=frozenset(
        {
            "https://forum.example/post/11",
            "https://forum.example/post/101",
            "https://elsewhere.example/post/102",
            "https://forum.example/comment/201",
        }
    ),
    later=frozenset({"https://forum.example/comment/301"}),
    keys={},
)
