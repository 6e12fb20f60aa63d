"""The API of X."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from collectors.x.walk import id_at
from signals import Query, Topic, seconds
from tests.collectors.cases.case import LATER, Case, Routes, text_of
from tests.support.web import document

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.web import Asked, Reply, Route

SEARCH = "/2/tweets/search/recent"
COUNTS = "/2/tweets/counts/recent"
TOPIC = Topic("Forgebox", Query(any_of=("forgebox",)))


def tweets() -> list[dict[str, Any]]:
    """Return the posts of the payload, the latest first."""
    loaded: list[dict[str, Any]] = json.loads(text_of("x-search.json"))["data"]
    return loaded


def tweet(time: datetime, text: str = "Forgebox again", number: int = 0) -> dict[str, Any]:
    """Return a post of ``time``; ``number`` tells it from others of that second."""
    identity = str(int(id_at(seconds(time))) + number)
    return {
        "id": identity,
        "edit_history_tweet_ids": [identity],
        "text": text,
        "author_id": "1000000009",
        "lang": "en",
        "created_at": time.isoformat(),
    }


def _since(found: list[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    after = int(asked.query.get("since_id", "0"))
    return sorted((each for each in found if int(each["id"]) > after), key=lambda e: -int(e["id"]))


def search(found: list[dict[str, Any]]) -> Route:
    """Return the recent search over ``found``: what follows ``since_id``, the latest first."""

    def answer(asked: Asked) -> Reply:
        newer = _since(found, asked)
        start = int(asked.query.get("next_token", "t0").removeprefix("t"))
        end = start + int(asked.query["max_results"])
        page = newer[start:end]
        meta = {"result_count": len(page)} | ({"next_token": f"t{end}"} if newer[end:] else {})
        return document({"meta": meta} | ({"data": page} if page else {}))

    return answer


def counts(found: list[dict[str, Any]]) -> Route:
    """Return how many of ``found`` follow ``since_id``."""
    return lambda asked: document(
        {"data": [], "meta": {"total_tweet_count": len(_since(found, asked))}}
    )


def serving(found: list[dict[str, Any]]) -> Routes:
    """Return the API over ``found``."""
    return {SEARCH: search(found), COUNTS: counts(found)}


def _x(moment: datetime) -> Routes:
    return serving([*tweets(), tweet(LATER)] if moment >= LATER else tweets())


CASE = Case(
    kind="x",
    routes=_x,
    first=frozenset({"2125209819018166272", "2125203527562166272", "2125202269270966272"}),
    later=frozenset({tweet(LATER)["id"]}),
    keys={"token": "s3cret"},
    topics=(TOPIC,),
    robots=False,
)
