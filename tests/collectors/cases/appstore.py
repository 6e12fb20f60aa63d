"""The customer reviews of an app."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.collectors.cases.case import LATER, Case, Routes, text_of
from tests.support.web import document

if TYPE_CHECKING:
    from datetime import datetime

APP = "100000001"


def path(country: str = "us", page: int = 1) -> str:
    """Return where the reviews are."""
    return f"/{country}/rss/customerreviews/page={page}/id={APP}/sortby=mostrecent/json"


def answer() -> dict[str, Any]:
    """Return the payload: the app itself, and three reviews."""
    loaded: dict[str, Any] = json.loads(text_of("appstore.json"))
    return loaded


def review(number: int, updated: datetime | None) -> dict[str, Any]:
    """Return a review, perhaps without a date."""
    made: dict[str, Any] = {**answer()["feed"]["entry"][1], "id": {"label": str(number)}}
    if updated is None:
        del made["updated"]
        return made
    return {**made, "updated": {"label": updated.isoformat()}}


def _appstore(moment: datetime) -> Routes:
    given = answer()
    if moment >= LATER:
        given["feed"]["entry"].insert(1, review(9000000009, moment))
    return {path(): document(given)}


CASE = Case(
    kind="appstore",
    routes=_appstore,
    first=frozenset({"9000000002", "9000000003"}),
    later=frozenset({"9000000009"}),
    keys={"app": APP},
    watches=False,
)
