"""A Jetstream host."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from signals import Query, Topic
from tests.collectors.cases.case import LATER, Case, Routes, text_of
from tests.support.streams import stream

if TYPE_CHECKING:
    from datetime import datetime

TOPIC = Topic("Forgebox", Query(any_of=("forgebox",)))
AT = "at://did:plc:{}/app.bsky.feed.post/{}"
ADA = AT.format("ada1ada1ada1ada1ada1ada1", "3maaaaaaaaa2a")
BOB = AT.format("bob1bob1bob1bob1bob1bob1", "3mcccccccccc2")
CYD = AT.format("cyd1cyd1cyd1cyd1cyd1cyd1", "3mdddddddddd2")
DAN = AT.format("dan1dan1dan1dan1dan1dan1", "3mffffffffff2")


def events(protocol: str = "v1") -> list[str]:
    """Return the frames of the payload."""
    return text_of(f"bluesky-{protocol}.jsonl").splitlines()


def created(rkey: str, time: datetime, text: str = "forgebox") -> dict[str, Any]:
    """Return the v1 event of a new post."""
    record = {"$type": "app.bsky.feed.post", "createdAt": time.isoformat(), "text": text}
    return {
        "did": "did:plc:ada1ada1ada1ada1ada1ada1",
        "time_us": round(time.timestamp() * 1_000_000),
        "kind": "commit",
        "commit": {
            "operation": "create",
            "collection": "app.bsky.feed.post",
            "rkey": rkey,
            "record": record,
        },
    }


def _jetstream(moment: datetime) -> Routes:
    new = created("3mgggggggggg2", LATER - timedelta(minutes=5))
    return {"/subscribe": stream([*events(), *([json.dumps(new)] if moment >= LATER else [])])}


CASE = Case(
    kind="bluesky",
    routes=_jetstream,
    first=frozenset({ADA, BOB, CYD}),
    later=frozenset({AT.format("ada1ada1ada1ada1ada1ada1", "3mgggggggggg2")}),
    keys={},
    documents=False,
    streams=True,
    topics=(TOPIC,),
)
