"""What differs between InfluxDB 1, 2 and 3: a bucket, how it is made, how long it keeps points.

| version | a bucket is            | through                            |
| ------- | ---------------------- | ---------------------------------- |
| 1       | a database or a policy | InfluxQL                           |
| 2       | a bucket               | ``/api/v2/buckets``                |
| 3       | a database             | ``/api/v3/configure/database``     |

See https://docs.influxdata.com/influxdb/v1/query_language/manage-database/,
https://docs.influxdata.com/influxdb/v2/api/buckets/ and
https://docs.influxdata.com/influxdb3/core/api/database/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from storage.influx import InfluxError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from storage.influx import Influx

FOREVER = timedelta.max
"""How long a bucket keeps what it never drops."""

_HOUR = timedelta(hours=1)
_FILES = (
    "a query reads about 72 hours of mention_1m, 18 days of mention_1h or 14 months of mention_1d "
    "(432 files), unless its option --query-file-limit allows for more"
)
_WRITES_SINCE = (1, 8)
_UNITS = {"h": 3_600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True)
class Version:
    """Which InfluxDB answers.

    Attributes:
        name: In its own words, e.g. ``1.6.7``.
        number: Major and minor.
        build: What it is, if it says so, e.g. ``Core``.
    """

    name: str
    number: tuple[int, int]
    build: str = ""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The bucket as InfluxDB has it.

    Attributes:
        keeps: For how long it keeps a point; None if InfluxDB does not tell.
    """

    keeps: timedelta | None


class Server(Protocol):
    """What one version does in its own way; every method may raise ``InfluxError``.

    Attributes:
        limits: What it cannot do that matters to hubbub; whole sentences.
    """

    @property
    def limits(self) -> tuple[str, ...]:
        """See above."""
        ...

    def find(self) -> Bucket | None:
        """Return the bucket; None if there is none."""
        ...

    def create(self, keeps: timedelta) -> None:
        """Make the bucket."""
        ...

    def change(self, keeps: timedelta) -> bool:
        """Let the bucket keep points so long; return whether this version can do that."""
        ...


def version(influx: Influx) -> Version:
    """Return which version answers.

    Raises:
        InfluxError: Nothing answers, or nothing that says it is an InfluxDB.
    """
    answer = influx.request("GET", "/ping")
    name = answer.headers.get("x-influxdb-version", "")
    if (found := re.match(r"v?(\d+)\.(\d+)", name)) is None:
        raise influx.unusable(answer)
    number = (int(found[1]), int(found[2]))
    return Version(name.removeprefix("v"), number, answer.headers.get("x-influxdb-build", ""))


def server(influx: Influx, found: Version) -> Server:
    """Return how to deal with the InfluxDB of version ``found``."""
    major, _ = found.number
    if major >= 3:  # noqa: PLR2004 - the version
        return _Three(influx, found)
    return _Two(influx) if major == 2 else _One(influx, found)  # noqa: PLR2004 - likewise


def kept_since(influx: Influx, now: datetime) -> datetime | None:
    """Return since when the bucket keeps points; None if for ever, or if InfluxDB does not tell.

    An hour at the edge is left out, since versions 1 and 3 drop points by stretches of time.

    Raises:
        InfluxError: There is no such bucket, or no answer.
    """
    found = server(influx, version(influx)).find()
    if found is None:
        raise influx.missing()
    if found.keeps is None or found.keeps == FOREVER:
        return None
    return now - found.keeps + _HOUR


class _One:
    """InfluxDB 1: databases with retention policies, in InfluxQL."""

    def __init__(self, influx: Influx, found: Version) -> None:
        self._influx = influx
        self._database, _, self._policy = influx.bucket.partition("/")
        self.limits: tuple[str, ...] = (
            "it drops whole shards, so that points may stay up to a week longer than asked for",
        )
        if found.number < _WRITES_SINCE:
            self.limits += ("before 1.8 only a proxy in front of it can offer /api/v2/write",)

    def find(self) -> Bucket | None:
        names = [row[0] for series in self._do("SHOW DATABASES") for row in series.rows]
        if self._database not in names:
            return None
        for policy in self._policies():
            if policy["name"] == self._policy or (not self._policy and policy["default"]):
                return Bucket(_read_duration(policy["duration"]))
        return None

    def create(self, keeps: timedelta) -> None:
        database, duration = _quoted(self._database), _duration(keeps)
        if not self._policy:
            self._do(f"CREATE DATABASE {database} WITH DURATION {duration}")
            return
        self._do(f"CREATE DATABASE {database}")
        self._do(
            f"CREATE RETENTION POLICY {_quoted(self._policy)} ON {database}"
            f" DURATION {duration} REPLICATION 1"
        )

    def change(self, keeps: timedelta) -> bool:
        policy = self._policy or next(p["name"] for p in self._policies() if p["default"])
        self._do(
            f"ALTER RETENTION POLICY {_quoted(policy)} ON {_quoted(self._database)}"
            f" DURATION {_duration(keeps)}"
        )
        return True

    def _policies(self) -> list[dict[str, Any]]:
        return [
            dict(zip(series.columns, row, strict=True))
            for series in self._do(f"SHOW RETENTION POLICIES ON {_quoted(self._database)}")
            for row in series.rows
        ]

    @property
    def _do(self) -> Callable[[str], Any]:
        return self._influx.execute


class _Two:
    """InfluxDB 2: buckets of an organisation."""

    limits = ("by InfluxQL it can be read, but not changed: use its own API for that",)

    def __init__(self, influx: Influx) -> None:
        self._influx = influx

    def find(self) -> Bucket | None:
        found = self._bucket()
        if found is None:
            return None
        seconds = [rule["everySeconds"] for rule in found.get("retentionRules", ())]
        return Bucket(timedelta(seconds=seconds[0]) if seconds and seconds[0] else FOREVER)

    def create(self, keeps: timedelta) -> None:
        org = self._list("orgs", org=self._influx.org)[0]["id"]  # an unknown one is an error
        document = {"orgID": org, "name": self._influx.bucket, "retentionRules": _rule(keeps)}
        self._influx.request("POST", "/api/v2/buckets", json=document)

    def change(self, keeps: timedelta) -> bool:
        found = self._bucket()
        assert found is not None  # noqa: S101 - what is changed was found
        document = {"retentionRules": _rule(keeps)}
        self._influx.request("PATCH", f"/api/v2/buckets/{found['id']}", json=document)
        return True

    def _bucket(self) -> dict[str, Any] | None:
        try:
            found = self._list("buckets", org=self._influx.org, name=self._influx.bucket)
        except InfluxError as error:
            if error.status == HTTPStatus.NOT_FOUND and "organization" not in error.reason:
                return None
            raise
        return found[0] if found else None

    def _list(self, what: str, **parameters: str) -> list[dict[str, Any]]:
        answer = self._influx.request("GET", f"/api/v2/{what}", params=parameters)
        try:
            found: list[dict[str, Any]] = answer.json()[what]
        except (ValueError, LookupError, TypeError):
            raise self._influx.unusable(answer) from None
        return found


class _Three:
    """InfluxDB 3: databases."""

    _databases = "/api/v3/configure/database"

    def __init__(self, influx: Influx, found: Version) -> None:
        self._influx = influx
        self.limits: tuple[str, ...] = (
            "which version of an overwritten point it keeps is undefined; hubbub overwrites none",
        )
        if "enterprise" not in found.build.lower():
            self.limits = (
                _FILES,
                "how long a database keeps points is fixed once it was made",
                "it holds five databases",
                *self.limits,
            )

    def find(self) -> Bucket | None:
        answer = self._influx.request("GET", self._databases, params={"format": "json"})
        try:
            names = [database["iox::database"] for database in answer.json()]
        except (ValueError, KeyError, TypeError):
            raise self._influx.unusable(answer) from None
        return Bucket(self._keeps()) if self._influx.bucket in names else None

    def create(self, keeps: timedelta) -> None:
        document = {"db": self._influx.bucket}
        if keeps != FOREVER:
            document["retention_period"] = f"{-(-keeps // _HOUR)}h"  # it takes no minutes
        self._influx.request("POST", self._databases, json=document)

    def change(self, keeps: timedelta) -> bool:  # noqa: ARG002 - it is fixed
        return False

    def _keeps(self) -> timedelta | None:
        """Ask a system table, which not every token may read."""
        name = self._influx.bucket.replace("'", "''")
        query = (
            "SELECT retention_period_ns FROM system.databases"  # noqa: S608 - quoted above
            f" WHERE database_name = '{name}'"
        )
        try:
            answer = self._influx.request(
                "POST", "/api/v3/query_sql", json={"db": "_internal", "q": query, "format": "json"}
            )
            (row,) = answer.json()
            nanoseconds = row.get("retention_period_ns")
        except (InfluxError, ValueError, AttributeError):
            return None
        return FOREVER if nanoseconds is None else timedelta(microseconds=nanoseconds / 1_000)


def _rule(keeps: timedelta) -> list[dict[str, Any]]:
    seconds = 0 if keeps == FOREVER else round(keeps.total_seconds())
    return [{"type": "expire", "everySeconds": seconds}]


def _duration(keeps: timedelta) -> str:
    return "INF" if keeps == FOREVER else f"{round(keeps.total_seconds())}s"


def _read_duration(text: str) -> timedelta:
    """Read a duration as Go writes it: ``2160h0m0s``; ``0s`` is for ever."""
    parts = re.findall(r"(\d+)([hms])", text)
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    return timedelta(seconds=seconds) if seconds else FOREVER


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
