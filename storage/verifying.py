"""Comparing the journal with what InfluxDB holds, and sending what is missing.

Roll-ups are compared bucket by bucket, everything else point by point. A bucket that InfluxDB lacks
is sent as it is; one that differs gets a correction, an additional point that holds the difference
(see ``sealing``). No point is ever overwritten with another value.

The service may run meanwhile. It changes InfluxDB only after it has changed the journal, so a
bucket that the journal has otherwise before and after InfluxDB was asked, or of which a line waits
in the outbox, is *on its way* and not judged.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from signals import Level, seconds
from storage import expecting, holding
from storage.database import reading
from storage.expecting import OnTheWay, Place, Series, State
from storage.line import NANOSECONDS, identity
from storage.points import KINDS, rows
from storage.report import Report, Tally
from storage.rollup import SCORE_UNIT
from storage.sealing import MEASUREMENTS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from storage.holding import Held
    from storage.influx import Influx
    from storage.points import Kind
    from storage.repairing import Repair

PAGE = 5_000
"""Rows compared at a time."""


class Verification:
    """One comparison; may also repair. For one thread; its calls block."""

    def __init__(
        self,
        path: Path,
        influx: Influx,
        *,
        since: datetime | None = None,
        repair: Repair | None = None,
    ) -> None:
        """Prepare to compare the journal at ``path`` with what ``influx`` holds.

        With ``repair`` what waits in the outbox is sent now, so that little is on its way.

        Args:
            path: The journal.
            influx: The connection.
            since: Only buckets and points from then on.
            repair: What sends what is missing; None to send nothing.

        Raises:
            StoreError: The journal cannot be read, here and by every method.
            InfluxError: See ``run``.
        """
        self.report = Report(refused=repair.deliver() if repair is not None else 0)
        self._path = path
        self._influx = influx
        self._lowest = seconds(since) * NANOSECONDS if since else 0
        self._repair = repair
        self._way = OnTheWay()
        with reading(path) as database:
            self._way.look(database)
            if repair is not None:
                self._way.look_aside(database)
            self._series = {level: expecting.series(database, level, since) for level in Level}
            self._windows = {
                level: expecting.windows(database, level, self._series[level]) for level in Level
            }
            self._exported: dict[str, int] = dict(
                database.execute("SELECT kind, row FROM exported").fetchall()
            )
            self._pages = sum(
                _pages(database, kind, self._exported.get(name, 0)) for name, kind in KINDS.items()
            )

    @property
    def steps(self) -> int:
        """How many steps ``run`` will take."""
        return sum(map(len, self._windows.values())) + self._pages

    def run(self, advance: Callable[[], None]) -> Report:
        """Compare, and repair if asked to; call ``advance`` after each step.

        Raises:
            InfluxError: InfluxDB does not answer, or holds up the repair. What was sent until then
                need not be sent again.
        """
        for level in Level:
            self.report.tallies[MEASUREMENTS[level]] = Tally()
            for window in self._windows[level]:
                self._compare_window(level, window)
                advance()
        for name, kind in KINDS.items():
            self.report.tallies[kind.measurement] = Tally()
            for page in self._read_pages(name, kind):
                self._compare_page(kind, page)
                advance()
        return self.report

    # -- buckets

    def _compare_window(self, level: Level, window: int) -> None:
        """Compare the buckets of all series in one stretch of time."""
        tally = self.report.tallies[MEASUREMENTS[level]]
        expected = self._look(level, window)
        held = holding.buckets(self._influx, level, window)
        wrong: list[_Wrong] = []
        for place, (series, state) in expected.items():
            found = held.pop(place, None)
            tally.compared += state.has_point
            if state.pending or place in self._way.places:
                tally.waiting += 1
            elif _differs(state, found):
                wrong.append(_Wrong(place, series, state, found))
        known = {series.key: series for series in self._series[level]}
        for place, found in held.items():
            series_, time = known.get(place[0]), place[1] // NANOSECONDS
            if series_ is not None and series_.start <= time < series_.end and any(found.counts):
                wrong.append(_Wrong(place, series_, State(time), found))
        if wrong:
            self._settle(level, window, wrong)

    def _settle(self, level: Level, window: int, wrong: list[_Wrong]) -> None:
        """Count and repair what is still wrong now that the journal is looked at again."""
        tally = self.report.tallies[MEASUREMENTS[level]]
        with self._repair.transaction() if self._repair else reading(self._path) as database:
            self._way.look(database)
            now = expecting.states(database, level, self._series[level], window)
            for place, series, state, found in wrong:
                since = now.get(place, (series, State(state.time)))[1]
                if since != state or place in self._way.places:
                    tally.waiting += 1
                    continue
                tally.missing += found is None
                tally.different += found is not None
                self.report.tell(
                    MEASUREMENTS[level],
                    place,
                    _by_field(state.counts),
                    _by_field(found.counts) if found else {},
                )
                if self._repair is not None:
                    self._repair.bucket(level, series, state, found)
                    self._repair.forget(self._way.refused.pop(place, ()))
                    tally.sent += 1
        self._deliver()

    def _look(self, level: Level, window: int) -> dict[Place, tuple[Series, State]]:
        with reading(self._path) as database:
            self._way.look(database)
            return expecting.states(database, level, self._series[level], window)

    # -- everything else

    def _read_pages(self, name: str, kind: Kind) -> Iterator[dict[Place, str]]:
        """Yield the lines of a kind that were put into the outbox, by their places."""
        until, last = self._exported.get(name, 0), 0
        while True:
            with reading(self._path) as database:
                self._way.look(database)
                page = [row for row in rows(database, kind, last, PAGE) if row[0] <= until]
            if not page:
                return
            last = page[-1][0]
            yield {
                place: line
                for line in _lines(kind, page)
                if (place := identity(line))[1] >= self._lowest
            }

    def _compare_page(self, kind: Kind, lines: dict[Place, str]) -> None:
        tally = self.report.tallies[kind.measurement]
        waiting = lines.keys() & self._way.places
        missing = lines.keys() - waiting - holding.places(self._influx, kind, lines)
        tally.compared += len(lines)
        tally.waiting += len(waiting)
        tally.missing += len(missing)
        for place in sorted(missing):
            self.report.tell(kind.measurement, place)
        if missing and self._repair is not None:
            with self._repair.transaction():
                self._repair.lines(lines[place] for place in sorted(missing))
                for place in missing:
                    self._repair.forget(self._way.refused.pop(place, ()))
            tally.sent += len(missing)
            self._deliver()

    # -- both

    def _deliver(self) -> None:
        if self._repair is not None:
            self.report.refused += self._repair.deliver()


class _Wrong(NamedTuple):
    place: Place
    series: Series
    state: State
    held: Held | None


def _differs(state: State, held: Held | None) -> bool:
    if held is None:
        return state.has_point
    return any(held.counts[at] != state.counts[at] for at in holding.SENT)


def _by_field(counts: Sequence[int]) -> dict[str, float]:
    values = dict(zip(holding.FIELDS, (counts[at] for at in holding.SENT), strict=True))
    return {**values, "score_sum": values["score_sum"] / SCORE_UNIT}


def _lines(kind: Kind, page: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    for row in page:
        with suppress(ValueError):  # it was set aside when it was to become a line
            yield kind.line(*row)


def _pages(database: sqlite3.Connection, kind: Kind, until: int) -> int:
    (found,) = database.execute(
        f"SELECT count(*) FROM ({kind.rows}) WHERE row <= ?",  # noqa: S608 - constants
        (until,),
    ).fetchone()
    return -(-int(found) // PAGE)
