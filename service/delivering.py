"""Keeping InfluxDB up to date, beside the journal's thread."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from storage import Delivery, Influx, Outbox, Progress

if TYPE_CHECKING:
    from pathlib import Path

    from service.health import Health
    from settings import Influx as InfluxSettings

log = structlog.get_logger()


class Delivering:
    """Fills the outbox and empties it, in a thread and on a connection of its own.

    A slow InfluxDB therefore never holds up collecting.
    """

    def __init__(self, settings: InfluxSettings, path: Path, health: Health) -> None:
        """Deliver the journal at ``path`` to the InfluxDB that ``settings`` name."""
        self._outbox = Outbox.open(path)
        self._influx = Influx(settings)
        self._delivery = Delivery(self._outbox, self._influx, settings.batch)
        self._health = health
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="delivery")
        self._problem = ""
        self._closing = threading.Event()

    async def deliver(self) -> None:
        """Bring InfluxDB up to date as far as it lets us."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._deliver)

    def _deliver(self) -> None:
        self._outbox.fill(datetime.now(UTC))
        while not self._closing.is_set():
            if self._delivery.run_once(datetime.now(UTC)) == Progress():
                break
            self._outbox.fill(datetime.now(UTC))
        if (problem := self._delivery.problem) != self._problem:
            self._problem = problem
            self._outbox.note_problem(problem)
            if problem:
                log.warning("delivery to InfluxDB is held up", problem=problem)
            else:
                log.info("delivery to InfluxDB goes on")
        pending, refused = self._outbox.counts()
        self._health.outbox.set(pending)
        self._health.refused.set(refused)

    def close(self) -> None:
        """Wait for the batch under way, then close both ends; what is left waits in the journal."""
        self._closing.set()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._influx.close()
        self._outbox.close()
