"""The whole life of an incident, lived by a process that is killed at each of its steps.

``python -m tests.support.crashing JOURNAL URL START FIRST BY`` lives it once for each of the steps
FIRST, FIRST + BY, ... on a copy of the journal: it kills the process there with SIGKILL, and
lets another one go on. It prints one line of JSON for each, with the channels to which a message
was under way that the journal did not know to have arrived.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import alerts
import settings
from pipeline import Messenger, SpikeWatch
from service import Announcer, Health, Writing
from signals import Change, Phase, Step
from storage import Journal, Reader
from storage.database import Database
from storage.incidents import IncidentLog
from tests.support.worlds import MINUTE, TOPIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alerts import Channel
    from signals import Notification

RULES = settings.Detection(
    resolve_after=timedelta(minutes=5),
    reopen_within=timedelta(minutes=40),
    remind_every=timedelta(minutes=10),
)
CHANNELS = ("ops", "night")
BAD = ((0, 26), (50, 56))
"""The minutes in which there are complaints."""

LOOKS = (10, 16, 49, 56, 85)
ACKNOWLEDGED = 20
"""The minute at which somebody acknowledges."""


def complaints(start: datetime) -> dict[datetime, int]:
    """Return the complaints of each bad minute."""
    return {start + minute * MINUTE: 6 for first, last in BAD for minute in range(first, last)}


class Crash:
    """Kills this process at a given step."""

    def __init__(self, at: int | None, told: int) -> None:
        """Die at step number ``at``; say at ``told``, a file descriptor, who was sent what."""
        self._left = at
        self._told = told
        self._unnoted: set[str] = set()
        self._settling = ""
        self._one_at_a_time = threading.Lock()
        self._install()

    def step(self) -> None:
        """Come to the next step."""
        if self._left is None:
            return
        with self._one_at_a_time:  # the journal's thread and that of the sends
            if self._left == 0:
                os.write(self._told, json.dumps(sorted(self._unnoted)).encode())
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1

    def _install(self) -> None:
        transaction, send, sent = Database.transaction, alerts.Channel.send, IncidentLog.sent

        @contextmanager
        def stepwise(database: Database) -> Iterator[None]:
            with transaction(database):
                yield
                self.step()
            self._unnoted.discard(self._settling)
            self.step()

        async def send_stepwise(channel: Channel, message: Notification, now: datetime) -> None:
            self.step()
            self._unnoted.add(channel.name)
            await send(channel, message, now)
            self.step()

        def settle(incidents: IncidentLog, batch: Sequence[Notification], now: datetime) -> None:
            self._settling = batch[0].channel
            sent(incidents, batch, now)
            self._settling = ""

        Database.transaction = stepwise  # type: ignore[method-assign, assignment]
        alerts.Channel.send = send_stepwise  # type: ignore[method-assign, assignment]
        IncidentLog.sent = settle  # type: ignore[method-assign, assignment]


def live(path: Path, url: str, start: datetime) -> None:
    """Live the life from wherever it stands to its end, as the service would."""
    tables = tuple(
        {
            "kind": "webhook",
            "name": name,
            "url": f"{url}/{name}",
            "steps": [step.value for step in Step],
        }
        for name in CHANNELS
    )
    channels = alerts.build(settings.Settings(channels=tables))

    async def run() -> None:
        health = Health()
        with Journal(path) as journal:
            async with Writing(journal, health) as writing:
                watch = SpikeWatch(RULES, journal, Reader(path), channels, "")
                announcer = Announcer(channels, writing, health)
                for minute in LOOKS:
                    await writing.do(watch.look, TOPIC, start + minute * MINUTE)
                    if minute == LOOKS[1]:
                        await writing.do(acknowledge, journal, channels, start)
                    for _ in range(4):  # one message of an incident at a time
                        await announcer.announce()

    asyncio.run(run())


def acknowledge(journal: Journal, channels: tuple[Channel, ...], start: datetime) -> None:
    """Acknowledge the incident, as the command does; whoever is interrupted repeats it."""
    recorded = journal.incidents.latest(TOPIC)
    if recorded is None or recorded.incident.phase is Phase.RESOLVED:
        return
    change = Change(
        recorded.incident, start + ACKNOWLEDGED * MINUTE, "Ada is on it", Step.ACKNOWLEDGED
    )
    if any(record.step is Step.ACKNOWLEDGED for record in recorded.records):
        return
    messages = Messenger(journal.path, channels, "").notifications(change)
    journal.incidents.note(change, None, messages, datetime.now(UTC) - timedelta(hours=1))


def _process(path: Path, url: str, start: datetime, at: int | None) -> list[str] | None:
    """Live in a process of its own; return what its crash left unnoted, None if it came through."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            Crash(at, writing)
            live(path, url, start)
        except BaseException as error:  # noqa: BLE001 - it must not live on as a second parent
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
        os._exit(0)
    os.close(writing)
    told = os.read(reading, 10_000)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        unnoted: list[str] = json.loads(told)
        return unnoted
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"the life at step {at} failed")
    return None


def main() -> None:
    """Live the life once for each step."""
    journal, url, start = Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])
    at, by = int(sys.argv[4]), int(sys.argv[5])
    while True:
        copy = journal.with_name(f"{at}.db")
        shutil.copy(journal, copy)
        unnoted = _process(copy, f"{url}/{at}", start, at)
        if unnoted is not None and _process(copy, f"{url}/{at}", start, None) is not None:
            raise SystemExit("who is not killed must not die")
        copy.unlink()
        sys.stdout.write(json.dumps({"step": at, "unnoted": unnoted}) + "\n")
        sys.stdout.flush()
        if unnoted is None:
            return
        at += by


if __name__ == "__main__":
    main()
