"""Kill -9 at every step of an incident's life: each change is told exactly once on each channel."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline import SpikeWatch
from signals import Level
from storage import Journal, Reader
from tests.support.crashing import CHANNELS, RULES, complaints
from tests.support.receiver import Receiver
from tests.support.worlds import MINUTE, TOPIC, hear, quiet

if TYPE_CHECKING:
    from tests.support.receiver import Delivery

PARTS = 4
"""Of the walk, so that no test takes too long."""

ROOT = Path(__file__).parents[2]
TOLD = {"confirmed", "reminder", "acknowledged", "resolved", "reopened"}


def once(deliveries: list[Delivery]) -> list[Delivery]:
    """Return what a receiver keeps that takes each ``webhook-id`` once."""
    return list({each.id: each for each in deliveries}.values())


def heard(receiver: Receiver, life: dict[str, Any], channel: str) -> list[Delivery]:
    """Return what a channel was told in one of the lives."""
    return [each for each in receiver.accepted if each.path == f"/{life['step']}/{channel}"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(PARTS))
def test_kill_9_at_every_step_repeats_and_loses_nothing(tmp_path: Path, first: int) -> None:
    """Only what was under way, and not noted as arrived, may be sent again."""
    path = tmp_path / "hubbub.db"
    start = Level.MINUTE.floor(datetime.now(UTC)) - timedelta(hours=5)
    bad = complaints(start)
    with Journal(path) as journal:
        hear(
            journal,
            start - timedelta(days=1),
            start + 100 * MINUTE,
            lambda at: bad.get(at, quiet(at)),
        )
        SpikeWatch(RULES, journal, Reader(path), (), "").look(TOPIC, start)
    with Receiver(secret=None) as receiver:
        arguments = [str(path), receiver.base, start.isoformat(), str(first), str(PARTS)]
        walk = subprocess.run(
            [sys.executable, "-m", "tests.support.crashing", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert walk.returncode == 0, walk.stderr
        lives = [json.loads(line) for line in walk.stdout.splitlines() if line.startswith("{")]
        told = [each.body["step"] for each in heard(receiver, lives[-1], CHANNELS[0])]
        assert lives[-1]["unnoted"] is None  # nobody killed the last one
        assert set(told) >= TOLD
        assert len(lives) * PARTS > 2 * 2 * len(CHANNELS) * len(told)
        for life in lives:
            for channel in CHANNELS:
                arrived = heard(receiver, life, channel)
                assert [each.body["step"] for each in once(arrived)] == told, life
                repeated = channel in (life["unnoted"] or ())
                assert 0 <= len(arrived) - len(told) <= repeated, life
