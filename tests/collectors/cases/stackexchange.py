"""The API of Stack Exchange."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.collectors.cases.case import LATER, Case, Routes, text_of
from tests.support.web import Reply, document

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.web import Asked, Route

Questions = list[dict[str, Any]]


def questions() -> Questions:
    """Return the questions of the payload."""
    items: Questions = json.loads(text_of("stackexchange.json"))["items"]
    return items


def site(items: Questions, **around: Any) -> Route:
    """Return a site's list of questions by creation: since ``fromdate``, oldest first."""

    def answer(asked: Asked) -> Reply:
        start, size = int(asked.query["fromdate"]), int(asked.query["pagesize"])
        found = sorted(items, key=lambda item: int(item["creation_date"]))
        found = [item for item in found if item["creation_date"] >= start]
        quota = {"quota_max": 300, "quota_remaining": 241}
        return document({"items": found[:size], "has_more": len(found) > size, **quota, **around})

    return answer


def _stackexchange(moment: datetime) -> Routes:
    items = questions()
    if moment >= LATER:
        created = int(LATER.timestamp()) - 600
        items.append(items[0] | {"question_id": 9009, "creation_date": created})
    return {"/2.3/questions": site(items)}


CASE = Case(
    kind="stackexchange",
    routes=_stackexchange,
    first=frozenset({"9001", "9002", "9003"}),
    later=frozenset({"9009"}),
    keys={"site": "askubuntu"},
)
