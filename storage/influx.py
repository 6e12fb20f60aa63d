"""The connection to InfluxDB 1.8+, 2 or 3: lines in through ``/api/v2/write``, InfluxQL out.

The only module that knows ``influxdb-client``. It is used for nothing but its synchronous write,
since its batching one keeps what it was given in memory and loses it with the process.

InfluxError       InfluxDB did not do what it was asked
`-- WriteError    points are not stored
"""

from __future__ import annotations

import ipaddress
import json
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import settings

_LONGEST_REASON = 300
_PIECE = 10_000
_PROBLEMS = {
    None: ("does not answer", "start it, or correct influx.url"),
    401: ("does not know the token", "correct influx.token"),
    403: (
        "forbids the token to use the bucket {bucket}",
        "give it the right, or correct influx.token",
    ),
    404: (
        "has no bucket {bucket}",
        "create it with 'hubbub influx setup', or correct influx.bucket, influx.org or influx.url",
    ),
    408: ("asks for patience", "hubbub waits and tries again"),
    429: ("asks for patience", "hubbub waits and tries again"),
}
_FAILS = ("fails", "its own log says why, and hubbub tries again")
_REFUSED = (
    "refuses what it was sent",
    "see whether influx.url leads to InfluxDB and whether the bucket {bucket} reached a limit",
)


class InfluxError(Exception):
    """InfluxDB did not answer as asked; the message is one sentence with the remedy.

    Attributes:
        status: The HTTP status; None if there was no answer.
        reason: InfluxDB's own words, or the network's; bounded, without the token.
        retry_after: Seconds to wait, if it said so.
    """

    def __init__(
        self, message: str, *, status: int | None, reason: str, retry_after: float | None = None
    ) -> None:
        """Keep what the caller decides by beside the message."""
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class WriteError(InfluxError):
    """Points are not stored, or only some of them."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an InfluxQL answer.

    Attributes:
        name: The measurement.
        columns: What the values of a row are; ``time`` is in nanoseconds since 1970.
        rows: The values.
        tags: The tags that the query groups by.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    tags: Mapping[str, str] = field(default_factory=dict)


class Influx:
    """A connection, to be closed; each call blocks for at most about ``influx.timeout``.

    Attributes:
        bucket: The bucket that it writes to and reads.
        org: The organisation that version 2 has it in.
    """

    def __init__(self, influx: settings.Influx) -> None:
        """Prepare a connection; nothing is sent yet."""
        # PLC0415: slow to import, and many commands need no InfluxDB.
        from influxdb_client.client.influxdb_client import InfluxDBClient  # noqa: PLC0415

        self.bucket = influx.bucket
        self.org = influx.org
        self._settings = influx
        self._url = str(influx.url)
        self._token = influx.token.get_secret_value()
        self._client = InfluxDBClient(
            url=self._url,
            token=self._token,
            org=influx.org,
            timeout=round(influx.timeout.total_seconds() * 1_000),
            enable_gzip=not _is_loopback(self._url),
        )

    def __enter__(self) -> Self:
        """Return the connection."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Give back what the connection holds."""
        self._client.close()  # type: ignore[no-untyped-call]  # the client is typed in part

    def write(self, lines: Sequence[str]) -> None:
        """Store ``lines`` of line protocol, with times in nanoseconds.

        Raises:
            WriteError: They are not stored, or only some of them are: it depends on the version.
        """
        self._post("\n".join(lines))

    def check(self) -> str:
        """Return one sentence that says that points can be written; nothing is written.

        Raises:
            WriteError: They cannot; its message says why and what to do.
        """
        try:
            self._post("")
        except WriteError as error:
            # Version 1 takes an empty write; 2 and 3 find fault with it, after the token and the
            # bucket have passed.
            if error.status not in {400, 422}:
                raise
        return f"InfluxDB at {self._place} takes points for the bucket {self.bucket}"

    def query(self, influxql: str) -> list[Series]:
        """Return the answer of one InfluxQL statement that reads.

        Raises:
            InfluxError: There is no answer, or the statement is refused.
        """
        database, _, policy = self.bucket.partition("/")
        parameters = {"db": database, "q": influxql, "epoch": "ns"}
        if policy:
            parameters["rp"] = policy
        return self._series(self._ask("GET", "/query", params=parameters, auth=self._basic_auth()))

    def execute(self, influxql: str) -> list[Series]:
        """Return the answer of one InfluxQL statement about the server; it may change something.

        Raises:
            InfluxError: It is refused, or there is no answer.
        """
        form = {"q": influxql}
        return self._series(self._ask("POST", "/query", data=form, auth=self._basic_auth()))

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:  # noqa: ANN401 - httpx's
        """Return the answer of InfluxDB's own API at ``path``.

        Args:
            method: The HTTP method.
            path: Where, e.g. ``/api/v2/buckets``.
            content: What httpx takes: ``params``, ``json``.

        Raises:
            InfluxError: It is an error, or there is none.
        """
        scheme = "Bearer" if path.startswith("/api/v3") else "Token"
        headers = {"Authorization": f"{scheme} {self._token}"} if self._token else {}
        return self._ask(method, path, headers=headers, **content)

    def unusable(self, answer: httpx.Response) -> InfluxError:
        """Return the error that ``answer`` is not what InfluxDB's documentation promises."""
        return self._unanswered(answer.status_code, "not an answer of InfluxDB's API")

    def missing(self) -> InfluxError:
        """Return the error that there is no such bucket."""
        return self._unanswered(HTTPStatus.NOT_FOUND, "it is not among its buckets")

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:  # noqa: ANN401 - httpx's
        try:
            # The environment's proxies are left aside, as they are for writes.
            response = httpx.request(
                method,
                f"{self._url}{path}",
                timeout=self._settings.timeout.total_seconds(),
                trust_env=False,
                **content,
            )
        except httpx.HTTPError as error:
            raise self._unanswered(None, _cause(error)) from None
        if not response.is_success:
            raise self._unanswered(response.status_code, response.text)
        return response

    def _post(self, body: str) -> None:
        from influxdb_client.client.write_api import SYNCHRONOUS  # noqa: PLC0415 - as in __init__
        from influxdb_client.rest import ApiException  # noqa: PLC0415 - as in __init__

        try:
            writer = self._client.write_api(write_options=SYNCHRONOUS)
            writer.write(self.bucket, record=body)  # its times are nanoseconds
        except ApiException as error:
            # The client reports a failed TLS handshake as status 0.
            status = error.status or None
            reason = self._words(error.body or error.reason or "")
            raise WriteError(
                self._explain(status, reason),
                status=status,
                reason=reason,
                retry_after=_seconds_to_wait(error.retry_after),
            ) from None
        except Exception as error:  # noqa: BLE001 - the errors of urllib3, ssl and decoding
            reason = self._words(_cause(error))
            raise WriteError(self._explain(None, reason), status=None, reason=reason) from None

    def _basic_auth(self) -> tuple[str, str] | None:
        """Return any user with the token as password; in version 1 a token is ``user:password``.

        See https://docs.influxdata.com/influxdb3/core/api/v1-compatibility/.
        """
        user, _, password = self._token.rpartition(":")
        return (user or "hubbub", password) if self._token else None

    def _series(self, response: httpx.Response) -> list[Series]:
        try:
            (result,) = response.json()["results"]
            if "error" in result:
                missing = str(result["error"]).startswith("database not found")
                raise self._unanswered(404 if missing else 400, str(result["error"]))
            if any(map(_is_cut, result.get("series", ()))):
                raise self._unanswered(413, "it cut its answer short; raise max-row-limit")
            return [
                Series(
                    name=series.get("name", ""),
                    columns=tuple(series["columns"]),
                    rows=tuple(tuple(row) for row in series.get("values", ())),
                    tags=series.get("tags", {}),
                )
                for series in result.get("series", ())
            ]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._unanswered(response.status_code, "not an answer to InfluxQL") from None

    @property
    def _place(self) -> str:
        """The address without a user or password that somebody may have written into it."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def _unanswered(self, status: int | None, answer: str) -> InfluxError:
        reason = self._words(answer)
        return InfluxError(self._explain(status, reason), status=status, reason=reason)

    def _explain(self, status: int | None, reason: str) -> str:
        """Return one sentence: what is wrong, which key it concerns, what to do."""
        what, remedy = _PROBLEMS.get(status, _REFUSED)
        if status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            what, remedy = _FAILS
        said = reason if status is None else f"{status}: {reason}"
        bucket = self.bucket
        what, remedy = what.format(bucket=bucket), remedy.format(bucket=bucket)
        return f"InfluxDB at {self._place} {what} ({said}); {remedy}"

    def _words(self, answer: str) -> str:
        """Return what an answer says, in one line, bounded and without the token."""
        with suppress(ValueError, RecursionError):
            document = json.loads(answer)
            if isinstance(document, dict):
                # Version 2 explains in "message", 1 in "error"; 3 adds details beside "error".
                known = document.get("message") or (len(document) == 1 and document.get("error"))
                answer = str(known or answer)
        if self._token:
            answer = answer.replace(self._token, "***")
        printable = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in answer)
        return " ".join(printable.split())[:_LONGEST_REASON]


def _is_cut(series: Mapping[str, Any]) -> bool:
    """Tell whether version 1 left rows out of ``series`` because of its ``max-row-limit``.

    It also says ``partial`` of a series that it reads in pieces of 10,000 rows and then completes.
    """
    return bool(series.get("partial")) and len(series.get("values", ())) <= _PIECE


def _is_loopback(url: str) -> bool:
    """Tell whether ``url`` stays on this machine, where compressing costs more than it saves."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _cause(error: BaseException) -> str:
    """Return the system's own words for a failed connection, such as "Connection refused"."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, OSError) and (words := link.strerror or str(link)):
            return words
        link = link.__cause__ or link.__context__
    # urllib3 puts the connection object before what it says.
    return str(error).rpartition(">: ")[2] or type(error).__name__


def _seconds_to_wait(retry_after: str | None) -> float | None:
    """Read the header ``Retry-After``: seconds or a date (RFC 9110, section 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
