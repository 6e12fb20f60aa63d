"""What a comparison of the journal with InfluxDB found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from signals import from_seconds
from storage.line import NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from storage.expecting import Place

SHOWN = 20
"""Differences that are told one by one."""


@dataclass(slots=True)
class Tally:
    """What became of the comparison of one measurement.

    Attributes:
        compared: Buckets or points of the journal that InfluxDB should hold.
        missing: How many of them InfluxDB lacks.
        different: How many InfluxDB holds with other values.
        waiting: How many were not judged, since something of them is on its way.
        sent: Lines that were sent to make up for it.
    """

    compared: int = 0
    missing: int = 0
    different: int = 0
    waiting: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One bucket or point that InfluxDB does not hold as the journal has it.

    Attributes:
        measurement: Where it belongs.
        series: Measurement and tags, as line protocol has them.
        time: Its time; a bucket's start.
        journal: What the journal has in a bucket, by field.
        influx: What InfluxDB holds of a bucket in all; empty if it is missing.
    """

    measurement: str
    series: str
    time: datetime
    journal: dict[str, float]
    influx: dict[str, float]


@dataclass(slots=True)
class Report:
    """The outcome of a comparison.

    Attributes:
        tallies: By measurement.
        examples: The first differences.
        refused: Lines that InfluxDB refused while it was repaired.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    examples: list[Difference] = field(default_factory=list)
    refused: int = 0

    @property
    def wrong(self) -> int:
        """How many buckets and points InfluxDB lacks or holds otherwise."""
        return sum(tally.missing + tally.different for tally in self.tallies.values())

    def tell(
        self,
        measurement: str,
        place: Place,
        journal: Mapping[str, float] | None = None,
        influx: Mapping[str, float] | None = None,
    ) -> None:
        """Note what is wrong at ``place``, if it is among the first."""
        if len(self.examples) < SHOWN:
            series, time = place
            instant = from_seconds(time // NANOSECONDS)
            self.examples.append(
                Difference(measurement, series, instant, dict(journal or {}), dict(influx or {}))
            )
