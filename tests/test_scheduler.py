"""The service as a whole: started, watched, reloaded, killed and stopped."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import signal
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import httpx
import pytest
import structlog
import time_machine

import collectors
import scheduler
import settings
from scheduler import Service
from signals import Level
from storage import Reader
from storage.database import reading
from tests.support.receiver import SECRET, Receiver
from tests.support.running import hubbub, running
from tests.support.serving import Stream, portion
from tests.support.waiting import until, wait_for
from tests.support.web import Reply, Web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from signals import Collection

SIMULATED = """
[page]
port = 0

[[topics]]
name = "Example"
any = ["ExampleCloud"]

[[sources]]
kind = "simulator"
topics = ["Example"]
interval = "1s"
rate = 3.0
history = "1h"
"""
WEBHOOK = """
[[channels]]
kind = "webhook"
name = "ops"
url = "{url}"
secret = "${{HOOK_SECRET}}"
"""
HANGING = """
[[topics]]
name = "GitHub"
any = ["github"]

[[sources]]
kind = "hackernews"
base_url = "{url}"
items_url = "{url}"
topics = ["GitHub"]
"""


@pytest.fixture
def _logs_stay() -> Iterator[None]:
    """Take back how a service in this process has set up the logs."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """Return a configuration with an hour of simulated posts."""
    path = tmp_path / "hubbub.toml"
    path.write_text(SIMULATED, encoding="utf-8")
    return path


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return where the journal lies."""
    return tmp_path / "hubbub.db"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a receiver that listens."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return three days of complaints, with an outage that was over 50 minutes ago."""
    now = Level.MINUTE.floor(datetime.now(UTC))
    over = now - timedelta(minutes=50)
    lines = ["time,text,author"]
    for ago in range(3 * 1_440, -1, -1):
        at = now - timedelta(minutes=ago)
        broken = over - timedelta(minutes=30) <= at < over
        number = 6 if broken else int(ago % 5 == 0)
        lines += [f'{at.isoformat()},"Awful, I hate this outage ({n})",a{n}' for n in range(number)]
    path = tmp_path / "archive.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def load(archive: Path, journal: Path) -> None:
    """Import ``archive``, as a user might while the service runs."""
    ended = hubbub("import", archive, "--topic", "GitHub", "--store", journal, "--json")
    assert json.loads(ended.stdout)["refused"] == 0, ended.stderr


def sent(journal: Path) -> int:
    """Return how many messages the journal knows to have arrived."""
    with reading(journal) as database:
        count: int = database.execute("SELECT count(sent) FROM notification").fetchone()[0]
    return count


def test_an_outage_leads_to_one_signed_webhook_for_each_change(
    configuration: Path, journal: Path, archive: Path, receiver: Receiver
) -> None:
    """From start to page to messages; neither kill -9 nor a restart repeats one."""
    with configuration.open("a", encoding="utf-8") as file:
        file.write(WEBHOOK.format(url=receiver.url))
    environment = {"HOOK_SECRET": SECRET}
    with running(configuration, journal, environment) as service:
        assert service.get("/healthz").json()["status"] == "ok"
        service.await_ready()
        page = service.get("/")
        assert page.status_code == 200
        assert "Example" in page.text
        load(archive, journal)
        wait_for(lambda: sent(journal) == 2)
        service.process.kill()
    with running(configuration, journal, environment) as service:
        service.await_ready()
        wait_for(lambda: collections(service.url) >= 3)
        assert service.terminate() == 0
        assert "Traceback" not in service.log
    told = {
        delivery.body["type"]: delivery.body["incident"]["id"] for delivery in receiver.attempts
    }
    assert list(told) == ["incident.confirmed", "incident.resolved"]
    assert len(set(told.values())) == 1
    assert len(receiver.attempts) == len(receiver.accepted) == 2
    listed = hubbub("incidents", "--topic", "GitHub", "--store", journal, "--json")
    (incident,) = json.loads(listed.stdout)
    assert incident["id"] in told.values()
    assert [change["phase"] for change in incident["changes"]][-2:] == ["confirmed", "resolved"]


def collections(url: str) -> int:
    """Return how often the simulator was heard: a sign that jobs go round."""
    text = httpx.get(f"{url}/metrics", trust_env=False).text
    found = re.search(r'hubbub_collections_total\{result="ok",source="simulator"\} (\d+)', text)
    return int(found[1]) if found else 0


def test_it_stops_quickly_while_a_source_hangs(configuration: Path, journal: Path) -> None:
    """SIGTERM ends it with 0, without a traceback, and what was heard before is there."""
    with Web() as web:
        web.otherwise = Reply(b"x" * 10_000, drips=True)
        with configuration.open("a", encoding="utf-8") as file:
            file.write(HANGING.format(url=web.url))
        with running(configuration, journal) as service:
            service.await_ready()
            wait_for(lambda: web.asked)
            assert service.terminate() == 0
            assert "stopped" in service.log
            assert "Traceback" not in service.log
    assert Reader(journal).sources()[0].items > 0


@pytest.mark.usefixtures("_logs_stay")
def test_a_stream_runs_beside_the_schedule_and_is_cut_off_at_once(
    configuration: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never ends, is no job that was missed, and holds up neither a reload nor the stop."""
    stopping = asyncio.Event()
    kind = collectors.Kind(settings.Source, lambda *_: endless(stopping))
    monkeypatch.setitem(cast("dict[str, collectors.Kind]", collectors.KINDS), "endless", kind)
    text = configuration.read_text(encoding="utf-8").replace("simulator", "endless")
    text = text.replace("rate = 3.0\n", "").replace('history = "1h"\n', "")
    configured = settings.load(f'{text}[store]\npath = "{journal}"\n')
    lines: list[str] = []

    async def run() -> None:
        service = Service(configured, lambda: configured)
        task = asyncio.create_task(service.run(lines.append))
        url = (await until(lambda: lines))[0]
        await until(lambda: Reader(journal).sources())
        signal.raise_signal(signal.SIGHUP)
        await asyncio.wait_for(stopping.wait(), timeout=5)
        stopping.clear()
        metrics = await asyncio.to_thread(httpx.get, f"{url}/metrics", trust_env=False)
        assert 'job="endless"' not in metrics.text
        service.stop()
        await asyncio.wait_for(task, timeout=5)

    asyncio.run(run())
    assert Reader(journal).sources()[0].ok


def endless(stopped: asyncio.Event) -> Stream:
    """Return a stream that says one thing and then waits for more; it tells when it is cut off."""

    async def says(now: datetime) -> AsyncIterator[Collection]:
        try:
            yield portion(now, "1", source="endless")
            await asyncio.Event().wait()
        finally:
            stopped.set()

    return Stream(says, "endless")


def test_a_new_configuration_is_read_and_an_invalid_one_refused(
    configuration: Path, journal: Path
) -> None:
    """SIGHUP changes the topics; whatever is wrong with the next file, the service goes on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = str(journal.with_name("notify"))
        manager.bind(address)
        manager.settimeout(30)
        with running(configuration, journal, {"NOTIFY_SOCKET": address}) as service:
            assert manager.recv(1_000).startswith(b"READY=1\n")
            service.await_ready()
            before = service.json("/healthz")["configuration"]

            good = configuration.read_text(encoding="utf-8").replace('"Example"', '"Renamed"')
            configuration.write_text(good, encoding="utf-8")
            service.process.send_signal(signal.SIGHUP)
            assert manager.recv(1_000).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert manager.recv(1_000).startswith(b"READY=1\n")
            live = service.json("/healthz")["configuration"]
            assert live != before
            wait_for(lambda: "Renamed" in Reader(journal).topics())

            twice = good + '[[sources]]\nkind = "simulator"\n'
            for number, (bad, reason) in enumerate(
                (
                    ("[[[", "not valid TOML"),
                    ("[detection]\nflor = 3\n" + good, "did you mean floor?"),
                    (twice, "another source is simulator already"),
                ),
                start=1,
            ):
                configuration.write_text(bad, encoding="utf-8")
                service.process.send_signal(signal.SIGHUP)
                service.await_log("the old one stays", number)
                assert reason in service.log
                assert service.json("/healthz")["configuration"] == live
            collected = collections(service.url)
            wait_for(lambda: collections(service.url) > collected)
            assert service.terminate() == 0
    assert "Traceback" not in journal.with_suffix(".log").read_text(encoding="utf-8")


@pytest.mark.usefixtures("_logs_stay")
def test_a_new_place_for_the_journal_waits_for_the_next_start(
    configuration: Path, journal: Path, tmp_path: Path
) -> None:
    """A reload can change neither the journal nor the page, says so, and goes on with both."""
    text = configuration.read_text(encoding="utf-8")
    moved = f'{text}[store]\npath = "{tmp_path / "elsewhere.db"}"\n'
    (tmp_path / "first.toml").write_text(f'{text}[store]\npath = "{journal}"\n', encoding="utf-8")
    reloads: list[str] = []
    lines: list[str] = []

    def reload() -> settings.Settings:
        reloads.append(moved)
        return settings.load(moved)

    async def run() -> None:
        service = Service(settings.read(tmp_path / "first.toml"), reload)
        task = asyncio.create_task(service.run(lines.append))
        await until(lambda: lines)
        signal.raise_signal(signal.SIGHUP)
        await until(lambda: Reader(journal).topics() == ["Example"])
        await until(lambda: reloads)
        service.stop()
        await task

    asyncio.run(run())
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_second_service_on_the_same_journal_is_refused(
    configuration: Path, journal: Path
) -> None:
    """Two would announce everything twice; the first goes on."""
    with running(configuration, journal) as service:
        second = hubbub("run", "--config", configuration, "--store", journal)
        assert second.returncode == 1
        assert "another hubbub service uses this journal; stop it" in second.stderr
        assert "Traceback" not in second.stderr
        service.await_ready()
        service.process.kill()
    with running(configuration, journal) as service:
        service.await_ready()
        assert service.terminate() == 0


def test_a_page_that_cannot_be_served_is_a_configuration_error(
    configuration: Path, journal: Path
) -> None:
    """The port is taken: exit code 2, the key and the remedy."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        text = configuration.read_text(encoding="utf-8").replace("port = 0", f"port = {port}")
        configuration.write_text(text, encoding="utf-8")
        ended = hubbub("run", "--config", configuration, "--store", journal)
    assert ended.returncode == 2
    assert "page.host, page.port: cannot listen on" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_secrets_are_never_told(configuration: Path, journal: Path, archive: Path) -> None:
    """Not at level debug, not when everything fails that uses them."""
    secrets = {
        "HOOK_SECRET": SECRET,
        "INFLUX": "influx-hidden",
        "MASTODON": "mastodon-hidden",
        "HEADER": "header-hidden",
        "PAGE": "page-hidden",
        "QUERY": "query-hidden",
    }
    with Web() as web, Receiver() as receiver:
        web.otherwise = Reply(b'{"error": "no"}', status=401)
        receiver.answer(500, times=100)
        text = SIMULATED.replace("port = 0", 'port = 0\ntoken = "${PAGE}"')
        hook = WEBHOOK.format(url=f"{receiver.url}?key=${{QUERY}}")
        configuration.write_text(
            f"""
{text}
[service]
log_level = "debug"
[influx]
url = "{web.url}"
token = "${{INFLUX}}"
[[sources]]
kind = "mastodon"
base_url = "{web.url}"
token = "${{MASTODON}}"
tags = ["example"]
{hook}headers = {{ Authorization = "${{HEADER}}" }}
""",
            encoding="utf-8",
        )
        with running(configuration, journal, secrets) as service:
            load(archive, journal)
            wait_for(lambda: receiver.attempts)
            service.await_log("delivery to InfluxDB is held up")
            service.await_log("source is unwell")
            service.await_log("notification failed")
            assert service.terminate() == 0
            assert service.process.stdout is not None
            said = service.log + service.process.stdout.read()
        status = hubbub("status", "--config", configuration, "--store", journal,
                        environment=secrets)  # fmt: skip
        assert status.returncode == 0
        said += status.stdout + status.stderr
        check = hubbub("check", "--online", "--config", configuration, environment=secrets)
        assert check.returncode == 1
        said += check.stdout + check.stderr
    assert not [name for name, secret in secrets.items() if secret.removeprefix("whsec_") in said]


@pytest.mark.usefixtures("_logs_stay")
@pytest.mark.parametrize(
    "step", [timedelta(hours=-1), timedelta(days=7)], ids=["an hour back", "a week ahead"]
)
def test_it_goes_on_when_the_clock_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    """Sources are asked as before; jobs run after the next look at the clock, not an hour later."""
    monkeypatch.setattr(scheduler, "WATCH_CLOCK", 0.1)
    configured = settings.load(f'{SIMULATED}[store]\npath = "{tmp_path / "hubbub.db"}"\n')
    lines: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)  # noqa: FBT003 - its only argument
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "400000")

        async def run() -> None:
            service = Service(configured, lambda: configured)
            task = asyncio.create_task(service.run(lines.append))
            url = (await until(lambda: lines))[0]
            await goes_on(url)
            with time_machine.travel(datetime.now(UTC) + step):
                await goes_on(url)
            service.stop()
            await task

        async def goes_on(url: str) -> None:
            heard, signs = await asyncio.to_thread(collections, url), 0
            for _ in range(400):
                with suppress(BlockingIOError):
                    signs += manager.recv(1_000) == b"WATCHDOG=1"
                if await asyncio.to_thread(collections, url) >= heard + 2 and signs >= 3:
                    return
                await asyncio.sleep(0.05)
            raise AssertionError("it stands still")

        asyncio.run(run())
