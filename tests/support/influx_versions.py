"""InfluxDB 2 and 3 Core as their documentation has them, before a real ``influxd`` 1.6.

What is stored and found is influxd's; what differs between the versions is here: the API of
buckets and databases, tokens, which statements are refused, and the number of files that 3 Core
opens for one query. See https://docs.influxdata.com/influxdb/v2/api/buckets/,
https://docs.influxdata.com/influxdb3/core/api/database/ and
https://docs.influxdata.com/influxdb3/core/reference/config-options/#query-file-limit.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.support.influx import Fault, Front, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.influx import Influxd, Write

TOKEN = "t0ken-that-nobody-may-see"  # noqa: S105 - a test's
ORG = "hubbub"
FILE = 600 * 10**9
"""Nanoseconds whose points 3 Core keeps in one file."""

FILES = 432
"""Files that it opens for one query."""


class FrontTwo(Front):
    """InfluxDB 2: organisations, buckets with retention rules, InfluxQL that only reads.

    Attributes:
        buckets: The retention of each bucket in seconds; 0 is for ever.
    """

    version = "v2.7.12"
    reads = re.compile(r"SELECT |SHOW MEASUREMENTS", re.IGNORECASE)

    def __init__(self, influxd: Influxd) -> None:
        """Prepare a front; its database is a bucket already."""
        super().__init__(influxd)
        self.token = TOKEN
        self.buckets = {self.database: 0}

    def answer_write(self, write: Write) -> Fault:
        """Refuse what is for no bucket."""
        if write.query["bucket"] not in self.buckets:
            self.writes.append(write)
            return refusal(404, f'bucket "{write.query["bucket"]}" not found')
        return super().answer_write(write)

    def answer_query(
        self, path: str, headers: Mapping[str, str], method: str = "GET", body: bytes = b""
    ) -> Fault:
        """Refuse what does not read."""
        statement = _statement(path, body)
        if not self.reads.match(statement):
            return _json(200, {"results": [{"statement_id": 0, "error": "not implemented"}]})
        return super().answer_query(path, headers, method, body)

    def answer_other(  # noqa: PLR0911 - one for each request of the API
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Fault:
        """Answer as the API of version 2 does."""
        url = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/ping":
            return Fault(204, {"X-Influxdb-Version": self.version, "X-Influxdb-Build": "OSS"}, "")
        if headers.get("authorization") != f"Token {self.token}":
            return refusal(401, "unauthorized access")
        if "org" in query and query["org"] != ORG:
            return refusal(404, f'organization name "{query["org"]}" not found')
        document = json.loads(body or b"{}")
        match method, url.path.split("/")[3:]:
            case "GET", ["orgs"]:
                return _json(200, {"orgs": [{"id": "0a", "name": ORG}]})
            case "GET", ["buckets"]:
                if query["name"] not in self.buckets:
                    return refusal(404, f'bucket "{query["name"]}" not found')
                return _json(200, {"buckets": [self._bucket(query["name"])]})
            case "POST", ["buckets"]:
                if document["orgID"] != "0a" or document["name"] in self.buckets:
                    return refusal(422, f"bucket with name {document['name']} already exists")
                return _json(201, self._keep(document["name"], document))
            case "PATCH", ["buckets", identity]:
                return _json(200, self._keep(identity.removeprefix("id-"), document))
        return refusal(404, "path not found")

    def _keep(self, name: str, document: Mapping[str, Any]) -> dict[str, Any]:
        if name not in self.buckets:
            self.influxd.execute(f'CREATE DATABASE "{name}"')
        (rule,) = document["retentionRules"]
        assert rule["type"] == "expire"
        self.buckets[name] = rule["everySeconds"]
        return self._bucket(name)

    def _bucket(self, name: str) -> dict[str, Any]:
        seconds = self.buckets[name]
        rules = [{"type": "expire", "everySeconds": seconds}] if seconds else []
        return {"id": f"id-{name}", "orgID": "0a", "name": name, "retentionRules": rules}


class FrontThree(Front):
    """InfluxDB 3 Core: databases, tokens everywhere, and queries that open so many files.

    Attributes:
        databases: The retention of each database as it was asked for; None is for ever.
        widest: The most files that a query was answered for.
    """

    version = "3.12.0"
    reads = re.compile(r"SELECT |SHOW MEASUREMENTS", re.IGNORECASE)

    def __init__(self, influxd: Influxd) -> None:
        """Prepare a front; its database exists."""
        super().__init__(influxd)
        self.token = TOKEN
        self.all_or_nothing = True
        self.databases: dict[str, str | None] = {self.database: None}
        self.widest = 0

    def answer_query(
        self, path: str, headers: Mapping[str, str], method: str = "GET", body: bytes = b""
    ) -> Fault:
        """Refuse what does not read, and what would open too many files."""
        statement = _statement(path, body)
        if not self.reads.match(statement):
            return Fault(400, body=f"This feature is not implemented: {statement.split()[0]}")
        files = self._files(statement)
        if files > FILES:
            return Fault(
                500,
                body="External error: Query would scan "
                f"{files} Parquet files, exceeding the file limit.",
            )
        self.widest = max(self.widest, files)
        return super().answer_query(path, headers, method, body)

    def answer_other(  # noqa: PLR0911 - one for each request of the API
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Fault:
        """Answer as the API of version 3 does."""
        if path == "/ping":
            schemes = {f"Token {self.token}", f"Bearer {self.token}"}
            if headers.get("authorization") not in schemes:
                return Fault(401, body="")
            told = {"X-Influxdb-Version": self.version, "X-Influxdb-Build": "Core"}
            return _json(200, {"version": self.version}, told)
        if headers.get("authorization") != f"Bearer {self.token}":
            return Fault(401, body="")
        document = json.loads(body or b"{}")
        match method, urlsplit(path).path:
            case "GET", "/api/v3/configure/database":
                assert "format=json" in path
                return _json(200, [{"iox::database": name} for name in self.databases])
            case "POST", "/api/v3/configure/database":
                if document["db"] in self.databases:
                    return Fault(409, body="attempted to create a resource that already exists")
                self.influxd.execute(f'CREATE DATABASE "{document["db"]}"')
                self.databases[document["db"]] = document.get("retention_period")
                return Fault(200, body="")
            case "POST", "/api/v3/query_sql":
                return self._system(document)
        return Fault(404, body="not found")

    def _system(self, document: Mapping[str, str]) -> Fault:
        name = re.fullmatch(
            "SELECT retention_period_ns FROM system.databases WHERE database_name = '(.+)'",
            document["q"],
        )
        assert name is not None
        assert (document["db"], document["format"]) == ("_internal", "json")
        period = self.databases[name[1]]
        hours = int(period.removesuffix("h")) if period else 0
        return _json(200, [{"retention_period_ns": hours * 3_600 * 10**9} if period else {}])

    def _files(self, statement: str) -> int:
        """Return of how many files the points are that a query reads."""
        if (
            table := re.search(r'FROM ("\w+") (WHERE time >= \d+ AND time <= \d+)', statement)
        ) is None:
            return 0
        answer = self._pass_on(
            "GET",
            "/query",
            params={
                "db": self.database,
                "epoch": "ns",
                "q": f"SELECT * FROM {table[1]} {table[2]}",
            },
        )
        (result,) = json.loads(answer.body)["results"]
        return len(
            {row[0] // FILE for series in result.get("series", ()) for row in series["values"]}
        )


def _statement(path: str, body: bytes) -> str:
    """Return the InfluxQL of a request."""
    return parse_qs(urlsplit(path).query or body.decode())["q"][0]


def _json(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Fault:
    return Fault(status, headers or {}, json.dumps(document))
