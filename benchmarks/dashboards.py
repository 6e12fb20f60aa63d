"""Draw the pictures of docs/grafana.md: simulated posts through hubbub and a real InfluxDB.

``python -m benchmarks.dashboards`` needs influxd; it runs the service for a while, has what it
stored delivered, asks every query of every dashboard, and draws what comes back.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.drawing import Picture
from dashboards.grafana import catalogue
from signals import Event
from storage import Influx, Journal, Reader
from tests.support.delivering import deliver
from tests.support.grafana import View
from tests.support.grafana_world import YEAR, ask, load_year
from tests.support.influx import Front, Influxd

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.influx import Series

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
CONFIGURATION = """
[page]
port = 0
[[topics]]
name = "ExampleCloud (simulated)"
any = ["ExampleCloud"]
[[sources]]
kind = "simulator"
interval = "2s"
history = "8d"
rate = 3.0
outage_every = "30h"
"""
_SHOWN = {
    "hubbub-outage": timedelta(days=2),
    "hubbub-topic": timedelta(days=7),
    "hubbub-itself": timedelta(days=1),
    "hubbub-distros": YEAR.end - YEAR.start,
}
_SOURCES: dict[str, str | tuple[str, ...]] = {
    "hubbub-distros": "distrowatch",
    "hubbub-itself": ("forum", "board"),
}
_DISTROS = tuple(f"distro-{number:02}" for number in (0, 2, 3, 5, 8, 11))


def main() -> None:
    """Draw one picture for each dashboard."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        server = Influxd(place)
        server.start()
        front = Front(server).start()
        try:
            _fill(place / "hubbub.db", place)
            load_year(place / "hubbub.db")
            now = datetime.now(UTC)
            while deliver(place / "hubbub.db", front.settings(), now):
                pass
            _draw(place / "hubbub.db", front, now)
        finally:
            front.stop()
            server.kill()


def _fill(journal: Path, folder: Path) -> None:
    """Run the service until it has caught up with eight days of simulated posts."""
    configuration = folder / "hubbub.toml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    command = [sys.executable, str(ROOT / "scheduler.py"), "run", "--config", str(configuration),
               "--store", str(journal)]  # fmt: skip
    service = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert service.stdout is not None  # noqa: S101 - it is a pipe
        service.stdout.readline()  # the journal is there
        time.sleep(90)
    finally:
        service.terminate()
        service.wait(20)
    now = datetime.now(UTC)
    with Journal(journal) as opened:
        for hours, kind, title in ((30, "deploy", "api 2.31"), (9, "release", "client 7")):
            opened.record_event(Event(title, kind, title, now - timedelta(hours=hours)))
        for number in range(144):
            ask(opened, now - timedelta(minutes=10 * (144 - number)), number)


@dataclass(frozen=True, slots=True)
class _Answers:
    influx: Influx
    expand: Callable[[str], str]

    def __call__(self, influxql: str) -> list[Series]:
        return self.influx.query(self.expand(influxql))


def _draw(journal: Path, front: Front, now: datetime) -> None:
    topics = tuple(Reader(journal).topics())
    with Influx(front.settings(timeout="60s")) as influx:
        for dashboard in catalogue("http://127.0.0.1:8460"):
            document = dashboard.document()
            end = YEAR.end if dashboard.uid == "hubbub-distros" else now
            view = View(end - _SHOWN[dashboard.uid], end)
            chosen: dict[str, str | tuple[str, ...]] = {
                "topic": topics,
                "source": _SOURCES.get(dashboard.uid, "simulator"),
                "span": "6m",
                "distro": _DISTROS,
            }
            seen = replace(view, values=chosen)
            expand = partial(seen.expand, variables=document["templating"]["list"])
            picture = Picture(document, view.start, view.end, _Answers(influx, expand))
            path = PICTURES / f"{dashboard.uid}.svg"
            path.write_text(picture.svg(), encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
