"""A real InfluxDB for tests: Debian's ``influxd`` 1.6, with the write API of version 2 in front.

``Influxd`` is the server, which can be killed and started again; ``Front`` gives it the address
``/api/v2/write``, tokens, and faults on demand. The fixtures are ``influxd`` (one for a whole test
session) and ``front`` (one for each test, with a database of its own).
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from base64 import b64decode
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_CONFIGURATION = """\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
  logging-enabled = false
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[logging]
  level = "error"
  suppress-logo = true
"""
_START = 30.0  # seconds that a start may take on a busy machine
_FORM = "application/x-www-form-urlencoded"
_PRECISIONS = {"ns": "n", "us": "u", "ms": "ms", "s": "s"}


class Influxd:
    """An InfluxDB 1.6 on a free loopback port, with its data in ``folder``."""

    def __init__(self, folder: Path) -> None:
        """Prepare a server; it is not started yet."""
        self.port, rpc = _free_ports()
        self.url = f"http://127.0.0.1:{self.port}"
        self._configuration = folder / "influxdb.conf"
        self._configuration.write_text(
            _CONFIGURATION.format(folder=folder, port=self.port, rpc=rpc), encoding="utf-8"
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    def start(self) -> None:
        """Start the server, over whatever data there is, and wait until it answers."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("INFLUXDB_")}
        self._process = subprocess.Popen(
            ["influxd", "run", "-config", str(self._configuration)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _START
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("influxd did not start")
            time.sleep(0.02)

    def ensure_running(self) -> None:
        """Start the server again if a test left it dead."""
        if self._process is None:
            self.start()

    def kill(self) -> None:
        """End the server as a power cut would, with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def database(self) -> str:
        """Create an empty database; return its name."""
        name = f"test{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def execute(self, influxql: str, database: str = "") -> None:
        """Run a statement that changes something, in a database or in none."""
        parameters = {"q": influxql, "db": database}
        answer = httpx.post(f"{self.url}/query", params=parameters, timeout=30)
        answer.raise_for_status()
        for result in answer.json()["results"]:
            if "error" in result:
                raise RuntimeError(f"{influxql}: {result['error']}")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ping", timeout=5).is_success
        except httpx.HTTPError:
            return False


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that the front gives instead of the server's.

    Attributes:
        status: The HTTP status; None cuts the connection without an answer.
        headers: Additional headers.
        body: The body.
        stored: Whether the server gets the request all the same, as when an answer is lost.
    """

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"code":"injected","message":"injected by the test"}'
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """One write that reached the front, as it was sent."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Front:
    """What of InfluxDB 2 hubbub uses, before an ``Influxd``.

    Attributes:
        database: A fresh database of its own.
        token: What writers and readers must present; empty lets everybody in.
        faults: The next writes get these instead, one each, the first one first.
        verdict: Called with the body of each write; what it returns, if anything, is answered.
        all_or_nothing: Whether one bad line makes the whole write fail, as with InfluxDB 3.
        writes: Every write so far.
    """

    def __init__(self, influxd: Influxd) -> None:
        """Prepare a front; it does not listen yet."""
        influxd.ensure_running()
        self.influxd = influxd
        self.database = influxd.database()
        self.token = ""
        self.faults: deque[Fault] = deque()
        self.verdict: Callable[[bytes], Fault | None] = _pass
        self.all_or_nothing = False
        self.writes: list[Write] = []
        self._rehearsal = influxd.database()
        self._upstream = httpx.Client(base_url=influxd.url, timeout=30, trust_env=False)
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """The address to write to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def settings(self, **changes: Any) -> settings.Influx:
        """Return the settings with which hubbub reaches this front."""
        table = {"url": self.url, "bucket": self.database, "token": self.token, **changes}
        return settings.Influx.model_validate(table)

    def answer_write(self, write: Write) -> Fault:
        """Return what to answer to a write, which is stored unless a fault says otherwise."""
        self.writes.append(write)
        fault = self.faults.popleft() if self.faults else self.verdict(write.body)
        if fault is not None:
            if fault.stored:
                self._store(write, self.database)
            return fault
        if self.token and write.headers.get("authorization") != f"Token {self.token}":
            return refusal(401, "unauthorized access")
        if self.all_or_nothing:
            rehearsed = self._store(write, self._rehearsal)
            if rehearsed.status != 204:
                return rehearsed
        return self._store(write, write.query["bucket"])

    def answer_query(
        self, path: str, headers: Mapping[str, str], method: str = "GET", body: bytes = b""
    ) -> Fault:
        """Return the server's answer to a query."""
        if self.token:
            scheme, _, credentials = headers.get("authorization", "").partition(" ")
            given = b64decode(credentials).decode() if scheme == "Basic" else ""
            if given.partition(":")[2] != self.token:
                return refusal(401, "unauthorized access")
        return self._pass_on(method, path, content=body, headers={"content-type": _FORM})

    def answer_other(
        self, method: str, path: str, _headers: Mapping[str, str], _body: bytes
    ) -> Fault:
        """Return the answer to what is neither a write nor a query: influxd answers a ping."""
        if path == "/ping":
            return self._pass_on(method, path)
        return refusal(404, "not found")

    def start(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def recover(self) -> None:
        """Take all faults back."""
        self.faults.clear()
        self.verdict = _pass

    def stop(self) -> None:
        """Stop listening, and drop the databases."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._upstream.close()
        self.influxd.ensure_running()
        for database in (self.database, self._rehearsal):
            self.influxd.execute(f"DROP DATABASE {database}")

    def _store(self, write: Write, database: str) -> Fault:
        precision = _PRECISIONS[write.query.get("precision", "ns")]
        return self._pass_on(
            "POST",
            "/write",
            params={"db": database, "precision": precision},
            content=write.body,
            headers={k: v for k, v in write.headers.items() if k == "content-encoding"},
        )

    def _pass_on(self, method: str, path: str, **request: Any) -> Fault:
        try:
            answer = self._upstream.request(method, path, **request)
        except httpx.HTTPError as error:
            return refusal(502, type(error).__name__)
        if answer.is_success:
            told = {k: v for k, v in answer.headers.items() if k.startswith("x-influxdb-")}
            return Fault(answer.status_code, told, answer.text)
        return refusal(answer.status_code, answer.json()["error"])


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, front: Front) -> None:
        self.front = front
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        url, front = urlsplit(self.path), self.server.front
        if url.path == "/query":
            self._answer(front.answer_query(self.path, self._lowered(), self.command, body))
        elif url.path == "/health":
            self._answer(Fault(200, {}, '{"name":"influxdb","status":"pass"}'))
        elif url.path == "/api/v2/write" and self.command == "POST":
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            self._answer(front.answer_write(Write(query, self._lowered(), body)))
        else:
            self._answer(front.answer_other(self.command, self.path, self._lowered(), body))

    def log_message(self, *_: object) -> None:
        """Keep the output of the tests clean."""

    def _lowered(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _answer(self, answer: Fault) -> None:
        if answer.status is None:
            self.close_connection = True
            return
        body = b"" if answer.status == 204 else answer.body.encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _pass(_body: bytes) -> None:
    """Find nothing wrong with a write."""


def refusal(status: int, message: str) -> Fault:
    """Return an error in the shape of InfluxDB 2."""
    return Fault(status, body=json.dumps({"code": "refused", "message": message}))


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    """Return a running InfluxDB; skip without one, unless on CI, where it must be there."""
    if shutil.which("influxd") is None:
        if "CI" in os.environ:
            pytest.fail("influxd is missing: apt-get install influxdb")
        pytest.skip("needs influxd: apt-get install influxdb")
    server = Influxd(tmp_path_factory.mktemp("influxd"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def front(influxd: Influxd) -> Iterator[Front]:
    """Return a front with an empty database of its own."""
    front = Front(influxd).start()
    yield front
    front.stop()
