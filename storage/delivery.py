"""Points from the outbox to InfluxDB: sent means stored.

| InfluxDB answers            | so hubbub                                                  |
| --------------------------- | ---------------------------------------------------------- |
| 2xx                         | drops the lines from the outbox                            |
| 400, 413, 422               | halves the batch, down to the lines at fault; sets those   |
|                             | aside with InfluxDB's reason                               |
| 408, 429, 5xx, no answer    | keeps the lines, waits ever longer (``Retry-After`` holds) |
| anything else (401, 404 ..) | keeps the lines, says what to correct, tries each minute   |

How much of a refused batch is stored differs: InfluxDB 1 keeps the good lines, 3 keeps none, 2
does either. Halving gives the same outcome on all of them, since a repeated line changes nothing.

A line is set aside only while InfluxDB is seen to take others: of the same batch, or else a plain
point, the *probe*. If even that one is refused, the fault lies with an address, a proxy or a limit
of the bucket, and the outbox stays as it is. A batch without an answer or with a 5xx is probed in
the same way once it has failed often: a line that InfluxDB stumbles over must not block the rest.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from signals import seconds
from storage.influx import WriteError
from storage.line import point

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storage.influx import Influx

_BYTES = 5_000_000  # InfluxDB 3 takes 10 MB, 1 takes 25 MB
_REQUESTS = 500  # in one run, so that a batch full of refused lines holds up nobody for long
_FIRST_WAIT = 1.0  # seconds, doubled with each failure
_LONGEST_WAIT = 60.0
_LONGEST_RETRY_AFTER = 3_600.0
_PATIENCE = 8  # failures in a row, some minutes, until a batch is suspected

Rows = list[tuple[int, str]]


class Outbox(Protocol):
    """Lines that wait, each with its number."""

    def pending(self, limit: int, /) -> Rows:
        """Return at most ``limit`` lines, the oldest first."""
        ...

    def delivered(self, ids: Sequence[int], at: datetime, /) -> None:
        """Drop lines that InfluxDB has stored."""
        ...

    def refuse(self, row: int, reason: str, at: datetime, /) -> None:
        """Set aside a line that InfluxDB will not take, with its reason."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """What one run achieved; nothing at all means that there is nothing to do before long.

    Attributes:
        delivered: Lines stored.
        refused: Lines set aside.
    """

    delivered: int = 0
    refused: int = 0


class Delivery:
    """Sends what waits in an outbox, one batch a run. For one thread; its calls block.

    Attributes:
        problem: Why nothing is delivered at the moment, and what to do; empty while well.
        resume_at: Before this, a run does nothing; None while well.
    """

    def __init__(self, outbox: Outbox, influx: Influx, batch: int) -> None:
        """Deliver from ``outbox`` to ``influx``, at most ``batch`` lines at a time."""
        self.problem = ""
        self.resume_at: datetime | None = None
        self._outbox = outbox
        self._influx = influx
        self._batch = batch
        self._failures = 0

    def run_once(self, now: datetime) -> Progress:
        """Send the oldest batch, unless it is time to wait.

        Each part of it is settled in the outbox at once. A crash in between only repeats lines
        that InfluxDB has already, byte for byte. The errors of the outbox come through.
        """
        if self.resume_at is not None and now < self.resume_at:
            return Progress()
        run = _Run(self._outbox, self._influx, now, suspicious=self._failures >= _PATIENCE)
        try:
            run.send(_portion(self._outbox.pending(self._batch)))
        except WriteError as error:
            if run.moved:
                self._failures = 0
            self._wait(error, now)
        else:
            if run.moved:
                self.problem, self.resume_at, self._failures = "", None, 0
        return Progress(run.delivered, run.refused)

    def _wait(self, error: WriteError, now: datetime) -> None:
        delay = _LONGEST_WAIT
        if _passes(error):
            delay = min(_FIRST_WAIT * 2 ** min(self._failures, _PATIENCE), _LONGEST_WAIT)
            delay *= random.uniform(0.5, 1)  # noqa: S311 - jitter
            self._failures += 1
        delay = max(delay, min(error.retry_after or 0, _LONGEST_RETRY_AFTER))
        self.problem = str(error)
        self.resume_at = now + timedelta(seconds=delay)


class _Run:
    """One batch on its way."""

    def __init__(self, outbox: Outbox, influx: Influx, now: datetime, *, suspicious: bool) -> None:
        self.delivered = 0
        self.refused = 0
        self._outbox = outbox
        self._influx = influx
        self._now = now
        self._suspicious = suspicious
        self._open = False  # whether InfluxDB took anything

    @property
    def moved(self) -> bool:
        return self.delivered + self.refused > 0

    def send(self, rows: Rows) -> None:
        """Send and settle ``rows``, or as many of them as the requests of one run suffice for.

        Raises:
            WriteError: The fault is not with the lines; those not settled yet still wait.
        """
        portions = [rows] if rows else []
        for _ in range(_REQUESTS):
            if not portions:
                break
            portions += self._settle(portions.pop())

    def _settle(self, rows: Rows) -> list[Rows]:
        """Send ``rows``; return what is left to send: nothing, or their halves, the later first."""
        try:
            self._influx.write([line for _, line in rows])
        except WriteError as error:
            self._blame(error, alone=len(rows) == 1)
            if len(rows) > 1:
                middle = len(rows) // 2
                return [rows[middle:], rows[:middle]]
            self._outbox.refuse(rows[0][0], error.reason, self._now)
            self.refused += 1
        else:
            self._open = True
            self._outbox.delivered([row for row, _ in rows], self._now)
            self.delivered += len(rows)
        return []

    def _blame(self, error: WriteError, *, alone: bool) -> None:
        """Return if the lines are at fault.

        Raises:
            WriteError: They are not, or one cannot know.
        """
        if error.status in {400, 413, 422}:
            if alone and not self._open:
                self._probe()
        elif self._suspicious and _passes(error) and error.status != HTTPStatus.TOO_MANY_REQUESTS:
            self._probe()
        else:
            raise error

    def _probe(self) -> None:
        """Write a plain point."""
        self._influx.write([point("delivery", {}, {"probe": 1}, seconds(self._now) * 10**9)])
        self._open = True


def _passes(error: WriteError) -> bool:
    """Tell whether waiting may help."""
    status = error.status
    return status is None or status in {408, 429} or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _portion(rows: Rows) -> Rows:
    """Return as many of ``rows`` as one request may carry, at least one."""
    size = 0
    for at, (_, line) in enumerate(rows):
        size += len(line.encode()) + 1
        if at and size > _BYTES:
            return rows[:at]
    return rows
