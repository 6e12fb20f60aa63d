"""Making sure that InfluxDB has the bucket, whatever its version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage import servers
from storage.influx import InfluxError

if TYPE_CHECKING:
    from datetime import timedelta

    from storage.influx import Influx

_KEEPS_OTHERWISE = "it keeps points for another time than was asked for; --change lets it"
_CANNOT_CHANGE = (
    "this version cannot change for how long a bucket keeps points; name another one in "
    "influx.bucket, and fill it with 'hubbub influx verify --repair'"
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was found or done.

    Attributes:
        version: InfluxDB's, in its own words.
        bucket: The bucket's name.
        created: Whether it was made just now.
        changed: Whether it was told just now to keep points longer or shorter.
        keeps: For how long it keeps a point (``FOREVER`` if it drops none); None if InfluxDB does
            not tell.
        limits: What this version cannot do that matters to hubbub; whole sentences.
        problem: Why it takes no points, or keeps them for another time than was asked for, and
            what to do; empty if all is well.
    """

    version: str
    bucket: str
    created: bool
    changed: bool
    keeps: timedelta | None
    limits: tuple[str, ...]
    problem: str = ""


def prepare(influx: Influx, keeps: timedelta | None, *, change: bool = False) -> Prepared:
    """Create the bucket, or check the one that is there.

    Args:
        influx: The connection; its token must be one that may.
        keeps: For how long a point is to be kept. None: for ever in a new bucket, and as it is in
            one that is there.
        change: Whether a bucket that is there may be changed, which may drop points.

    Raises:
        InfluxError: It cannot be asked, or does not let the token do so.
    """
    version = servers.version(influx)
    server = servers.server(influx, version)
    found = server.find()
    if created := found is None:
        server.create(keeps or servers.FOREVER)
        found = server.find() or servers.Bucket(keeps)
    problem, changed = "", False
    if keeps is not None and found.keeps not in {keeps, None}:
        problem = _KEEPS_OTHERWISE
        if change and (changed := server.change(keeps)):
            problem, found = "", server.find() or found
        elif change:
            problem = _CANNOT_CHANGE
    try:
        influx.check()
    except InfluxError as error:
        problem = str(error)
    return Prepared(
        version=version.name,
        bucket=influx.bucket,
        created=created,
        changed=changed,
        keeps=found.keeps,
        limits=server.limits,
        problem=problem,
    )
