"""A process that stores what a stream brings, to be killed at its work.

``python -m tests.support.streaming HOST JOURNAL`` listens from the cursor until the host says
goodbye, as the service does, and prints a line for each portion that it has stored.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import sentiment
from collectors import Client
from collectors.bluesky import Bluesky, BlueskySource
from pipeline import Pipeline
from storage import Journal
from tests.collectors.cases.bluesky import TOPIC
from tests.support.collecting import CONTACT, QUICK


async def store(host: str, path: Path) -> None:
    """Store what ``host`` says in the journal at ``path``."""
    pipeline = Pipeline([TOPIC], sentiment.create())
    with Journal(path) as journal:
        async with Client(CONTACT, limits=QUICK) as client:
            collector = Bluesky(BlueskySource(hosts=(host,)), client, [TOPIC])
            cursor = journal.cursor(collector.source)
            async for portion in collector.collect(cursor, datetime.now(UTC)):
                pipeline.store(portion, journal, now=datetime.now(UTC))
                print("stored", flush=True)  # noqa: T201 - told to the test


if __name__ == "__main__":
    asyncio.run(store(sys.argv[1], Path(sys.argv[2])))
