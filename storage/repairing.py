"""Making up for what InfluxDB lacks: through the outbox, as everything that is sent.

A line comes into the outbox in the transaction in which the journal is seen to be still as it was
when InfluxDB was asked, together with the number of the correction that it is. So it is made once,
however often this is stopped and called again.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from storage.database import Database, reading
from storage.delivery import Delivery
from storage.holding import Held
from storage.influx import WriteError
from storage.line import NANOSECONDS
from storage.outbox import Outbox
from storage.rollup import COLUMNS
from storage.sealing import bucket_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from signals import Level
    from storage.expecting import Series, State
    from storage.influx import Influx

_ZEROS = ", ".join("0" for _ in COLUMNS)
_NAMES = ", ".join(COLUMNS)


class Repair:
    """Sends what is missing, on a connection of its own to the journal. For one thread."""

    def __init__(self, path: Path, influx: Influx, batch: int) -> None:
        """Repair what ``influx`` lacks of the journal at ``path``, ``batch`` lines at a time.

        Raises:
            StoreError: There is no journal, or it cannot be used, here and by every method.
        """
        with reading(path):
            pass  # opening it for writing would make one
        self._database = Database(path)
        self._outbox = Outbox(self._database)
        self._influx = influx
        self._batch = batch

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def __enter__(self) -> Self:
        """Return what repairs."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """Commit what is made in the block whole, or nothing of it; yield the journal."""
        with self._database.transaction():
            yield self._database

    def bucket(self, level: Level, series: Series, state: State, held: Held | None) -> None:
        """Make the line that brings a bucket to what the journal has; in a transaction.

        That is the bucket itself if InfluxDB lacks it, else a correction.
        """
        held = held or Held()
        whole = 0 not in held.offsets
        number = 0 if whole else max(state.corrections, *held.offsets) + 1
        counts = tuple(here - there for here, there in zip(state.counts, held.counts, strict=True))
        coverage = {"coverage": state.coverage} if whole else {}
        moment = state.time * NANOSECONDS + number
        self.lines([bucket_line(level, series.topic, series.source, moment, counts, **coverage)])
        if number:
            self._database.execute(
                f"INSERT INTO late (level, series, time, lines, pending, {_NAMES})"  # noqa: S608 - constants
                f" VALUES (?, ?, ?, ?, 0, {_ZEROS})"
                " ON CONFLICT DO UPDATE SET lines = excluded.lines",
                (level, series.number, state.time, number),
            )

    def lines(self, lines: Iterable[str]) -> None:
        """Put lines into the outbox; in a transaction."""
        self._database.executemany(
            "INSERT INTO outbox (line) VALUES (?)", [(line,) for line in lines]
        )

    def forget(self, refused: Iterable[int]) -> None:
        """Drop lines set aside that are made up for; in a transaction."""
        self._database.executemany(
            "DELETE FROM refused WHERE id = ?", [(number,) for number in refused]
        )

    def deliver(self) -> int:
        """Empty the outbox; return how many lines InfluxDB refused.

        Raises:
            WriteError: InfluxDB takes nothing at present. What waits is sent by the service, or by
                the next repair.
        """
        refused = 0
        delivery = Delivery(self._outbox, self._influx, self._batch)
        while waiting := self._outbox.counts()[0]:
            progress = delivery.run_once(datetime.now(UTC))
            refused += progress.refused
            if delivery.problem:
                raise WriteError(
                    f"{delivery.problem}; {waiting} lines wait in the journal",
                    status=None,
                    reason=delivery.problem,
                )
        return refused
