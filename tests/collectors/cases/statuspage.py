"""A page of Atlassian Statuspage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from signals import Topic
from tests.collectors.cases.case import LATER, Case, Routes, text_of
from tests.support.web import document

if TYPE_CHECKING:
    from datetime import datetime

PAGE = "fb0rge42page"


def payload(name: str) -> dict[str, Any]:
    """Return the payload ``summary``, ``incidents`` or ``maintenances``."""
    loaded: dict[str, Any] = json.loads(text_of(f"statuspage-{name}.json"))
    return loaded


def serving(
    summary: dict[str, Any], incidents: dict[str, Any], maintenances: dict[str, Any]
) -> Routes:
    """Return a page with what the three answers say."""
    return {
        "/api/v2/summary.json": document(summary),
        "/api/v2/incidents.json": document(incidents),
        "/api/v2/scheduled-maintenances.json": document(maintenances),
    }


def _statuspage(moment: datetime) -> Routes:
    summary, incidents = payload("summary"), payload("incidents")
    if moment >= LATER:
        new = incidents["incidents"][0] | {"id": "inc00000next", "name": "Again"}
        incidents["incidents"].insert(0, new)
        summary["incidents"].insert(0, new)
    return serving(summary, incidents, payload("maintenances"))


CASE = Case(
    kind="statuspage",
    routes=_statuspage,
    first=frozenset(
        f"{PAGE}/{each}"
        for each in ("inc00000open", "inc00000done", "inc000silent", "mnt00000done")
    ),
    later=frozenset({f"{PAGE}/inc00000next"}),
    keys={"topic": "Forgebox"},
    topics=(Topic("Forgebox"),),
)
