"""``hubbub influx``: what it says, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from signals import Collection, Span, from_seconds
from storage import Influx, Journal, Reader
from storage.database import reading
from tests.support.delivering import deliver, fill
from tests.support.influx import Fault, Front
from tests.support.influx_versions import FrontThree, FrontTwo
from tests.support.mentions import START, mention
from tests.support.running import ROOT, running
from tests.support.running import hubbub as hubbub_process
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.commands.conftest import Configure, Ended, Hubbub
    from tests.support.influx import Influxd


BUSY = """
[page]
port = 0
[influx]
url = "{url}"
bucket = "{bucket}"
[[topics]]
name = "Example (simulated)"
any = ["ExampleCloud"]
[[sources]]
kind = "simulator"
interval = "1s"
history = "1d"
rate = 3.0
"""


class Stack:
    """A configuration, a journal and an InfluxDB that belong together."""

    def __init__(self, hubbub: Hubbub, configuration: Path, journal: Path, front: Front) -> None:
        """Keep them."""
        self.configuration = configuration
        self.journal = journal
        self.front = front
        self._hubbub = hubbub

    def run(self, *arguments: str) -> Ended:
        """Run ``hubbub influx``."""
        return self._hubbub(
            "influx", *arguments, "--config", self.configuration, "--store", self.journal
        )

    def drop(self, influxql: str) -> None:
        """Delete points behind hubbub's back."""
        self.front.influxd.execute(influxql, self.front.database)


FRONTS = {"1": Front, "2": FrontTwo, "3": FrontThree}


@pytest.fixture(params=FRONTS)
def stack(
    request: pytest.FixtureRequest,
    hubbub: Hubbub,
    configure: Configure,
    journal: Path,
    influxd: Influxd,
) -> Iterator[Stack]:
    """Return a stack with each version of InfluxDB in turn, and nothing in it."""
    front = FRONTS[request.param](influxd).start()
    configuration = configure(
        f'[influx]\nurl = "{front.url}"\nbucket = "{front.database}"\ntoken = "{front.token}"\n'
    )
    yield Stack(hubbub, configuration, journal, front)
    front.stop()


only_1 = pytest.mark.parametrize("stack", ["1"], indirect=True)


def test_setup_says_what_there_is(stack: Stack) -> None:
    """The version, the bucket, for how long it keeps points, and what it cannot do."""
    ended = stack.run("setup")
    assert ended.code == 0
    first, *limits, last = ended.out.splitlines()
    assert first.endswith(f": the bucket {stack.front.database} exists; it keeps points forever")
    assert limits
    assert all(limit.startswith("- ") for limit in limits)
    assert ("72 hours" in ended.out) == isinstance(stack.front, FrontThree)
    assert last == "it takes points"


def test_setup_creates_as_it_was_asked(
    stack: Stack, hubbub: Hubbub, configure: Configure, influxd: Influxd
) -> None:
    """Once; asked for another retention it says so with exit code 1, and changes it if told to."""
    name = f"{stack.front.database}-new"
    configuration = configure(
        f'[influx]\nurl = "{stack.front.url}"\nbucket = "{name}"\ntoken = "{stack.front.token}"\n'
    )

    def setup(*arguments: str) -> Ended:
        return hubbub("influx", "setup", "--config", configuration, "--json", *arguments)

    try:
        ended = setup("--retention", "90d")
        assert (ended.code, ended.document["created"], ended.document["keeps"]) == (0, True, "90d")
        assert setup("--retention", "90d").document["created"] is False
        other = setup("--retention", "36h")
        assert (other.code, other.document["keeps"]) == (1, "90d")
        assert "--change" in other.document["problem"]
        changed = setup("--retention", "36h", "--change")
        if isinstance(stack.front, FrontThree):
            assert (changed.code, changed.document["keeps"]) == (1, "90d")
        else:
            assert (changed.code, changed.document["keeps"]) == (0, "36h")
            assert changed.document["changed"] is True
    finally:
        influxd.execute(f'DROP DATABASE "{name}"')


def test_verify_repair_verify(stack: Stack) -> None:
    """What is lost is told with exit code 1, sent, and found again."""
    fill(stack.journal)
    deliver(stack.journal, stack.front.settings())
    clean = stack.run("verify")
    assert clean.code == 0
    assert "InfluxDB holds what the journal says" in clean.out
    stack.drop("DROP MEASUREMENT mention_1h")
    stack.drop("DROP MEASUREMENT spike")
    dirty = stack.run("verify")
    assert dirty.code == 1
    assert "36 differ; --repair sends what is missing" in dirty.out
    assert "2026-11-24T12:00:00Z mention_1h,topic=GitHub,source=hackernews: missing" in dirty.out
    assert "... and 26 more" in dirty.out
    document = stack.run("verify", "--json").document
    assert (document["wrong"], document["repaired"], document["since"]) == (36, False, None)
    assert document["measurements"]["spike"] == {
        "compared": 30, "missing": 30, "different": 0, "waiting": 0, "sent": 0,
    }  # fmt: skip
    assert document["differences"][0]["measurement"] == "mention_1h"
    repaired = stack.run("verify", "--repair")
    assert repaired.code == 0
    assert "sent 36 lines" in repaired.out
    assert stack.run("verify").code == 0


@only_1
def test_influxd_is_killed_amid_it(stack: Stack, influxd: Influxd) -> None:
    """It says that InfluxDB fails; afterwards what is missing is found and sent."""
    fill(stack.journal)
    deliver(stack.journal, stack.front.settings())
    stack.drop("DROP MEASUREMENT mention_1m")
    influxd.kill()
    ended = stack.run("verify")
    influxd.start()
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"hubbub: InfluxDB at {stack.front.url} fails (502: ")
    assert stack.run("verify", "--json").document["wrong"] == 360
    front = stack.front
    front.verdict = lambda _: influxd.kill()  # the write never arrives
    ended = stack.run("verify", "--repair")
    front.recover()
    influxd.start()
    assert ended.code == 1
    assert "360 lines wait in the journal" in ended.err
    assert stack.run("verify", "--repair").code == 0
    assert stack.run("verify").code == 0


@only_1
def test_differences_are_shown_by_field(stack: Stack) -> None:
    """What the journal has, and what InfluxDB holds."""
    fill(stack.journal)
    deliver(stack.journal, stack.front.settings())
    day = START // 86_400 * 86_400 * 10**9
    with Influx(stack.front.settings()) as influx:
        influx.write([f"mention_1d,topic=GitHub,source=hackernews negative=5i {day + 7}"])
    ended = stack.run("verify")
    assert ended.code == 1
    assert "2026-11-24T00:00:00Z mention_1d,topic=GitHub,source=hackernews: negative " in ended.out
    assert "in InfluxDB" in ended.out


@only_1
def test_only_what_is_later_is_compared(stack: Stack) -> None:
    """A date is the begin of that day; it is told from when on was compared."""
    fill(stack.journal)
    deliver(stack.journal, stack.front.settings())
    ended = stack.run("verify", "--since", "2026-11-24T14:30:00Z")
    assert "compared from 2026-11-24T14:30:00Z on" in ended.out
    document = stack.run("verify", "--since", "2026-11-25", "--json").document
    assert document["since"] == "2026-11-25T00:00:00Z"
    assert document["measurements"]["mention_1m"]["compared"] == 0


@only_1
def test_what_the_bucket_does_not_keep_is_not_missed(stack: Stack) -> None:
    """Points older than its retention are neither compared nor sent."""
    with Journal(stack.journal) as writer:
        old = [mention("old", 1_424_500_000, source="import:2015")]
        span = Span(from_seconds(1_424_500_000), from_seconds(1_424_500_060))
        writer.load(
            Collection("import:2015", watched=(span,)), old, now=from_seconds(1_764_028_800)
        )
    assert stack.run("setup", "--retention", "90d", "--change").code == 0
    deliver(stack.journal, stack.front.settings())
    with reading(stack.journal) as database:
        assert database.execute("SELECT count(*) FROM refused").fetchone()[0] > 0
    ended = stack.run("verify", "--repair")
    assert ended.code == 0
    assert "compared from " in ended.out


@only_1
def test_refused_lines_are_told(stack: Stack) -> None:
    """With where to see the reason, and exit code 1."""
    fill(stack.journal)
    deliver(stack.journal, stack.front.settings())
    stack.drop("DROP MEASUREMENT spike")
    stack.front.verdict = lambda body: Fault(400) if b"spike" in body else None
    ended = stack.run("verify", "--repair")
    assert ended.code == 1
    assert "30 lines were refused; 'hubbub status' says why" in ended.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("setup", "--retention", "ninety days"), "write for example 90d, or forever"),
        (("setup", "--retention", "5m"), "keeps an hour at least"),
        (("verify", "--since", "yesterday"), "--since"),
        (("explode",), "No such command"),
    ],
)
@only_1
def test_misuse_is_code_2(stack: Stack, arguments: tuple[str, ...], words: str) -> None:
    """With what is wrong."""
    ended = stack.run(*arguments)
    assert ended.code == 2
    assert words in ended.complaint


@pytest.mark.parametrize("command", ["setup", "verify"])
def test_without_influxdb_in_the_configuration(
    hubbub: Hubbub, configure: Configure, journal: Path, command: str
) -> None:
    """It is a mistake of the configuration, named with its file."""
    path = configure("[page]\nport = 0\n")
    ended = hubbub("influx", command, "--config", path, "--store", journal)
    assert ended.code == 2
    assert ended.err == f"hubbub: {path}: there is no InfluxDB; add a table [influx]\n"


def test_a_bucket_that_is_not_there(
    hubbub: Hubbub, configure: Configure, journal: Path, front: Front
) -> None:
    """Nothing is compared with it: it is told how to make it."""
    fill(journal)
    path = configure(f'[influx]\nurl = "{front.url}"\nbucket = "nosuch"\n')
    ended = hubbub("influx", "verify", "--config", path, "--store", journal)
    assert (ended.code, ended.out) == (1, "")
    assert "has no bucket nosuch" in ended.err
    assert "'hubbub influx setup'" in ended.err


@pytest.mark.parametrize("arguments", [("verify",), ("verify", "--repair")], ids=" ".join)
@only_1
def test_a_journal_that_is_not_there_is_code_1(stack: Stack, arguments: tuple[str, ...]) -> None:
    """Verifying makes none."""
    ended = stack.run(*arguments)
    assert ended.code == 1
    assert "--store" in ended.err
    assert not stack.journal.exists()


@only_1
def test_killed_amid_a_repair_it_goes_on(stack: Stack) -> None:
    """After kill -9 of hubbub the next repair sends the rest, and nothing twice."""
    fill(stack.journal)
    deliver(stack.journal, stack.front.settings())
    stack.drop("DROP MEASUREMENT mention_1m")
    arguments = ["--config", str(stack.configuration), "--store", str(stack.journal), "--json"]
    command = [sys.executable, "scheduler.py", "influx", "verify", "--repair", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
        stack.front.verdict = lambda _: child.kill()  # and the write is stored
        child.wait()
    stack.front.recover()
    assert child.returncode == -9
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["wrong"] == 0
    assert stack.run("verify").code == 0


@only_1
def test_beside_the_service(stack: Stack) -> None:
    """While points are made and delivered all the time, nothing is taken for a loss."""
    front = stack.front
    configuration = stack.configuration.with_name("busy.toml")
    configuration.write_text(BUSY.format(url=front.url, bucket=front.database), encoding="utf-8")
    arguments = ("--config", configuration, "--store", stack.journal, "--json")
    with running(configuration, stack.journal) as service:
        wait_for(lambda: Reader(stack.journal).delivery().delivered is not None)
        for _ in range(3):
            done = hubbub_process("influx", "verify", *arguments)
            assert (done.returncode, json.loads(done.stdout)["wrong"]) == (0, 0), done.stdout
        front.influxd.execute("DROP MEASUREMENT mention_1h", front.database)
        done = hubbub_process("influx", "verify", "--repair", *arguments)
        assert json.loads(done.stdout)["measurements"]["mention_1h"]["missing"] > 0
        assert service.terminate() == 0
    assert hubbub_process("influx", "verify", "--repair", *arguments).returncode == 0
    done = hubbub_process("influx", "verify", *arguments)
    assert (done.returncode, json.loads(done.stdout)["wrong"]) == (0, 0)
