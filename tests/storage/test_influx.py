"""The connection to InfluxDB: what it writes, reads and says when something is wrong."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from storage.influx import Influx, InfluxError, Series, WriteError
from tests.support.influx import Fault

if TYPE_CHECKING:
    from tests.support.influx import Front

SECRET = "t0ken-that-nobody-may-see"  # noqa: S105 - a test's


def problem(front: Front, **changes: object) -> WriteError:
    """Return what a check complains about."""
    with Influx(front.settings(**changes)) as influx, pytest.raises(WriteError) as caught:
        influx.check()
    return caught.value


def test_lines_are_stored_to_the_nanosecond(front: Front) -> None:
    """What is written is read back, grouped and typed as InfluxQL has it."""
    with Influx(front.settings()) as influx:
        influx.write(['m,topic=b n=2i,s="x" 1764028800000000001', "m,topic=a n=1i 1"])
        assert influx.query("SELECT n, s FROM m GROUP BY topic") == [
            Series("m", ("time", "n", "s"), ((1, 1, None),), {"topic": "a"}),
            Series("m", ("time", "n", "s"), ((1764028800000000001, 2, "x"),), {"topic": "b"}),
        ]
        assert influx.query("SELECT n FROM nothing_here") == []


def test_a_long_series_is_read_whole(front: Front) -> None:
    """InfluxDB 1 calls it partial, though it is not."""
    with Influx(front.settings()) as influx:
        influx.write([f"m,topic={topic} n={n}i {n + 1}" for topic in "ab" for n in range(25_000)])
        found = influx.query("SELECT n FROM m GROUP BY topic")
    assert [len(series.rows) for series in found] == [25_000, 25_000]


def test_a_write_is_one_request_as_version_2_documents_it(front: Front) -> None:
    """One body, plain on the loopback, with bucket, organisation, precision and token."""
    with Influx(front.settings(org="ours", token=SECRET)) as influx:
        influx.write(["m n=1i 1", "m n=2i 2"])
    (write,) = front.writes
    assert write.body == b"m n=1i 1\nm n=2i 2"
    assert write.query == {"org": "ours", "bucket": front.database, "precision": "ns"}
    assert write.headers["authorization"] == f"Token {SECRET}"
    assert "content-encoding" not in write.headers


def test_a_write_over_a_network_is_compressed(front: Front) -> None:
    """Any address that is not the loopback's gets gzip."""
    address = front.url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - leads to this machine too
    with Influx(front.settings(url=address)) as influx:
        influx.write(["m n=1i 1"])
        assert gzip.decompress(front.writes[0].body) == b"m n=1i 1"
        assert influx.query("SELECT n FROM m")[0].rows == ((1, 1),)


def test_a_check_says_that_all_is_well_and_writes_nothing(front: Front) -> None:
    """A check proves address, token and bucket without leaving a trace."""
    front.token = SECRET
    with Influx(front.settings(token=SECRET)) as influx:
        assert influx.check() == (
            f"InfluxDB at {front.url} takes points for the bucket {front.database}"
        )
        assert influx.query("SHOW MEASUREMENTS") == []


@pytest.mark.parametrize("status", [400, 422])
def test_a_check_passes_where_only_the_empty_write_is_at_fault(front: Front, status: int) -> None:
    """Versions 2 and 3 look at the lines last."""
    front.faults.append(Fault(status))
    with Influx(front.settings()) as influx:
        assert "takes points" in influx.check()


def test_a_wrong_token_is_named_and_not_shown(front: Front) -> None:
    """The message names the key; the token is in no message, not even one the server echoes."""
    front.token = "right"  # noqa: S105 - a test's
    wrong = problem(front, token=SECRET)
    assert wrong.status == 401
    assert str(wrong) == (
        f"InfluxDB at {front.url} does not know the token (401: unauthorized access);"
        " correct influx.token"
    )
    front.faults.append(Fault(403, body=json.dumps({"message": f"no right: Token {SECRET}"})))
    forbidden = problem(front, token=SECRET)
    assert "(403: no right: Token ***)" in str(forbidden)
    with Influx(front.settings(token=SECRET)) as influx:
        with pytest.raises(InfluxError, match="does not know the token") as caught:
            influx.query("SHOW MEASUREMENTS")
        assert SECRET not in f"{forbidden!r} {forbidden.reason} {caught.value!r} {influx!r}"


def test_a_missing_bucket_is_named(front: Front) -> None:
    """Writing and reading say which bucket is missing, and where it is set."""
    missing = problem(front, bucket="nowhere")
    assert missing.status == 404
    assert str(missing) == (
        f'InfluxDB at {front.url} has no bucket nowhere (404: database not found: "nowhere");'
        " create it with 'hubbub influx setup', or correct influx.bucket, influx.org or influx.url"
    )
    with (
        Influx(front.settings(bucket="nowhere")) as influx,
        pytest.raises(InfluxError, match="has no bucket nowhere") as caught,
    ):
        influx.query("SELECT n FROM m")
    assert caught.value.status == 404


def test_a_server_that_is_not_there_is_named(front: Front) -> None:
    """A refused connection says so, without a password from the address."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        absent = problem(front, url=f"http://somebody:{SECRET}@{address}")
        assert absent.status is None
        assert str(absent) == (
            f"InfluxDB at http://{address} does not answer (Connection refused);"
            " start it, or correct influx.url"
        )
        with (
            Influx(front.settings(url=f"http://{address}")) as influx,
            pytest.raises(InfluxError, match=r"does not answer \(Connection refused\)"),
        ):
            influx.query("SHOW MEASUREMENTS")


def test_a_silent_server_is_given_up_after_the_timeout(front: Front) -> None:
    """A server that accepts and says nothing counts as no answer."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        hung = problem(front, url=address, timeout=timedelta(seconds=0.2))
    assert hung.status is None
    assert "does not answer (timed out)" in str(hung)


def test_an_unknown_host_is_named(front: Front) -> None:
    """A name that does not resolve is told in the resolver's words."""
    unknown = problem(front, url="http://influx.invalid:8086")
    assert unknown.status is None
    assert "InfluxDB at http://influx.invalid:8086 does not answer (" in str(unknown)
    assert "object at" not in str(unknown)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"code":"invalid","message":"two"}', "two"),
        ('{"error":"one"}', "one"),
        (
            '{"error":"three","data":[{"line_number":2}]}',
            '{"error":"three","data":[{"line_number":2}]}',
        ),
        ("<html>\x1b[31m bad\r\n  gateway\0", "<html> [31m bad gateway"),
        ('{"message":["odd"]}', "['odd']"),
        ("[" * 2_000, "[" * 300),
        ("x" * 5_000, "x" * 300),
        ("", "Bad Request"),
    ],
    ids=["version 2", "version 1", "version 3", "html", "odd", "deep", "long", "empty"],
)
def test_a_reason_is_one_bounded_line(front: Front, body: str, reason: str) -> None:
    """Whatever an answer holds, its reason is printable, bounded, and the server's own words."""
    front.faults.append(Fault(400, body=body))
    with Influx(front.settings()) as influx, pytest.raises(WriteError) as caught:
        influx.write(["m n=1i 1"])
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("soon", None), ("-3", None), ("nan", None), (None, None)],
)
def test_retry_after_is_read(front: Front, header: str | None, seconds: float | None) -> None:
    """Seconds are seconds, nonsense is nothing."""
    front.faults.append(Fault(503, {"Retry-After": header} if header else {}))
    with Influx(front.settings()) as influx, pytest.raises(WriteError) as caught:
        influx.write(["m n=1i 1"])
    assert caught.value.retry_after == seconds


def test_retry_after_may_be_a_date(front: Front) -> None:
    """A date counts from now; one that is past means at once."""
    later = datetime.now(UTC) + timedelta(hours=1)
    front.faults.append(Fault(503, {"Retry-After": format_datetime(later, usegmt=True)}))
    front.faults.append(Fault(503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}))
    with Influx(front.settings()) as influx:
        with pytest.raises(WriteError) as future:
            influx.write(["m n=1i 1"])
        with pytest.raises(WriteError) as past:
            influx.write(["m n=1i 1"])
    assert future.value.retry_after == pytest.approx(3_600, abs=60)
    assert past.value.retry_after == 0


def test_a_query_that_cannot_be_run_says_why(front: Front) -> None:
    """A syntax error comes with InfluxDB's own explanation."""
    with Influx(front.settings()) as influx, pytest.raises(InfluxError, match="found SELEC,"):
        influx.query("SELEC n FROM m")


def test_an_answer_that_is_not_influxdb_is_an_error(front: Front) -> None:
    """Some other web server behind the address is told from an empty answer."""
    # The health page answers 200 with JSON of another shape.
    address = f"{front.url}/health?"
    settings = front.settings().model_copy(update={"url": address})
    with Influx(settings) as influx, pytest.raises(InfluxError, match="not an answer to InfluxQL"):
        influx.query("SHOW MEASUREMENTS")


def test_nothing_slow_is_loaded_before_a_connection() -> None:
    """Commands without InfluxDB do not pay for its client."""
    code = "import sys, storage.influx; sys.exit('influxdb_client' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_closed_connection_leaves_nothing_behind(front: Front) -> None:
    """A program that used a connection ends without complaints, and closing twice is harmless."""
    code = (
        "import settings; from storage.influx import Influx\n"
        f"influx = Influx(settings.Influx(url={front.url!r}, bucket={front.database!r}))\n"
        "influx.write(['m n=1i 1'])\n"
        "influx.close(); influx.close()\n"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True
    )
    assert result.stderr == ""
    assert len(front.writes) == 1
