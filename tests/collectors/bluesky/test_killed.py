"""Killed in the middle of the stream and started again: nothing is lost, nothing comes twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from collectors.bluesky.hearing import Cursor, instant
from storage import Journal
from storage.database import reading
from tests.collectors.cases.bluesky import AT, created
from tests.support.firehose import Firehose, replay

ROOT = Path(__file__).parents[3]
STREAMING = (sys.executable, "-m", "tests.support.streaming")
COUNT = 300
EVERY = timedelta(seconds=1)


def script() -> tuple[list[dict[str, Any]], set[str]]:
    """Return what is said, with some of it deleted soon after, and the posts that remain."""
    start = datetime.now(UTC) - timedelta(minutes=8)
    said, remaining = [], set()
    for at in range(COUNT):
        event = created(f"3p{at}", start + at * EVERY, f"forgebox is down, {at}")
        if at % 10 == 7:
            event = created(f"3p{at - 3}", start + at * EVERY)
            event["commit"] |= {"operation": "delete", "record": None}
            remaining.discard(f"3p{at - 3}")
        else:
            remaining.add(f"3p{at}")
        said.append(event)
    return said, {AT.format("ada1ada1ada1ada1ada1ada1", rkey) for rkey in remaining}


def listening(host: Firehose, journal: Path) -> subprocess.Popen[str]:
    """Start to listen."""
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    return subprocess.Popen(
        [*STREAMING, host.url, str(journal)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def standing(journal: Path) -> tuple[set[str], int]:
    """Return the posts that stand in the journal, and how many its minutes count."""
    with reading(journal) as database:
        rows = database.execute("SELECT id FROM mention WHERE withdrawn IS NULL").fetchall()
        (counted,) = database.execute(
            "SELECT sum(positive + negative + neutral + unscored) FROM bucket WHERE level = 60"
        ).fetchone()
    assert len(rows) == len(set(rows))
    return {identity for (identity,) in rows}, counted or 0


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """Whatever was stored by then, going on from there completes it."""
    journal = tmp_path / "hubbub.db"
    said, remaining = script()
    dice = random.Random(4)
    kills = 0
    with Firehose(replay(said, pause=0.005)) as host:
        for _ in range(3):
            with listening(host, journal) as child:
                assert child.stdout is not None
                child.stdout.readline()
                time.sleep(dice.uniform(0, 0.3))  # a random moment within what it does next
                child.kill()
            kills += child.returncode != 0
            ids, counted = standing(journal)
            assert len(ids) == counted
        with listening(host, journal) as child:
            child.communicate()
        assert child.returncode == 0
        cursors = host.cursors()
        url = host.url
    assert kills > 1
    assert cursors == sorted(cursors)
    assert cursors[-1] > cursors[0]
    assert standing(journal) == (remaining, len(remaining))
    with Journal(journal) as stored:
        cursor = Cursor.model_validate_json(stored.cursor("bluesky") or "")
    assert cursor == Cursor(time_us=said[-1]["time_us"], host=url)
    assert instant(cursor.time_us) < datetime.now(UTC)
