"""``hubbub rescore``."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sentiment
from settings import Store
from signals import Collection, Level, Polarity
from storage import Journal, Outbox, Reader
from tests.support.line import read_line
from tests.support.mentions import (
    NOON,
    SOURCE,
    START,
    TOPIC,
    buckets,
    count_stored,
    heard,
    mention,
)

if TYPE_CHECKING:
    from tests.commands.conftest import Configure, Hubbub

ROOT = Path(__file__).parents[2]
SCHEDULER = ROOT / "scheduler.py"


def engine() -> str:
    """Return the name of the engine that judges by default."""
    return sentiment.create().name


def fill(path: Path, rows: int = 3) -> None:
    """Make a journal whose mentions another engine took for praise."""
    page = [mention(str(n), START + n, 0.9, f"author {n % 7}") for n in range(rows)]
    with Journal(path) as journal, closing(Outbox.open(path)) as outbox:
        journal.record(heard((START, START + 86_400)), page, now=NOON + timedelta(days=1))
        outbox.fill(NOON + timedelta(days=1))


def test_what_another_engine_judged_is_judged_anew(hubbub: Hubbub, journal: Path) -> None:
    """Once; the second time there is nothing left to do."""
    fill(journal)
    first = hubbub("rescore", "--store", journal)
    assert (first.code, first.err) == (0, "")
    assert first.out == f"3 mentions judged anew by {engine()}: 3 changed\n"
    found = Reader(journal).mentions(TOPIC, NOON, NOON + timedelta(hours=1))
    assert {each.polarity for each in found} == {Polarity.NEGATIVE}
    assert {each.scorer for each in found} == {engine()}
    assert buckets(journal) == count_stored(journal)
    again = hubbub("rescore", "--store", journal, "--json")
    assert again.document == {"engine": engine(), "judged": 0, "changed": 0, "gone": 0}


def test_what_is_no_longer_kept_is_told(hubbub: Hubbub, journal: Path) -> None:
    """A text that was dropped with age cannot be judged; its old judgement stays."""
    fill(journal)
    with Journal(journal) as writer:
        writer.prune(Store(keep_texts=timedelta(days=1)), NOON + timedelta(days=9))
    ended = hubbub("rescore", "--store", journal)
    assert ended.out == (
        f"0 mentions judged anew by {engine()}: 0 changed\n"
        "3 could not be, since their text is no longer kept\n"
    )
    (found, *_) = Reader(journal).mentions(TOPIC, NOON, NOON + timedelta(hours=1))
    assert (found.polarity, found.scorer) == (Polarity.POSITIVE, "vader-3.3.2")


def test_a_part_can_be_chosen(hubbub: Hubbub, journal: Path, configure: Configure) -> None:
    """By topic and time; the names of the configuration's topic do not count as words."""
    with Journal(journal) as writer:
        page = [
            mention("1", text="Mint awful mess"),
            mention("2", START + 86_400, text="awful"),
            mention("3", text="awful", topic="Fedora"),
        ]
        writer.record(Collection(SOURCE), page, now=NOON + timedelta(days=2))
    configuration = configure(f'[[topics]]\nname = "{TOPIC}"\nany = ["x"]\nmask = ["awful mess"]\n')
    options = ("--store", journal, "--config", configuration, "--json")
    late = hubbub("rescore", "--topic", TOPIC, "--since", "2026-11-25", *options)
    assert late.document["judged"] == 1
    early = hubbub("rescore", "--topic", TOPIC, "--since", "2026-11-24T12:00:00Z", *options)
    assert early.document["judged"] == 1
    found = {
        each.id: each for each in Reader(journal).mentions(TOPIC, NOON, NOON + 9 * timedelta(1))
    }
    assert found["1"].compound == 0.0
    assert found["2"].compound < 0
    assert hubbub("rescore", *options).document["judged"] == 1


def test_the_language_of_the_source_is_heeded(hubbub: Hubbub, journal: Path) -> None:
    """A text that its source calls German is no English complaint."""
    german = mention("1", compound=0.9)
    german = replace(german, post=replace(german.post, language="de"))
    with Journal(journal) as writer:
        writer.record(Collection(SOURCE), [german], now=NOON)
    hubbub("rescore", "--store", journal)
    (found,) = Reader(journal).mentions(TOPIC, NOON, NOON + timedelta(hours=1))
    assert found.polarity is not Polarity.NEGATIVE


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--topic", "GitHbu"), "did you mean GitHub?"), (("--since", "yesterday"), "--since")],
    ids=["topic", "since"],
)
def test_misuse_is_code_2(
    hubbub: Hubbub, journal: Path, arguments: tuple[str, ...], words: str
) -> None:
    """With what is wrong, and what there is."""
    fill(journal)
    ended = hubbub("rescore", *arguments, "--store", journal)
    assert ended.code == 2
    assert words in ended.complaint


def test_a_journal_that_is_not_there_is_not_made(hubbub: Hubbub, journal: Path) -> None:
    """There is nothing to judge in it."""
    ended = hubbub("rescore", "--store", journal)
    assert ended.code == 1
    assert "does it exist" in ended.err
    assert not journal.exists()


def test_killed_and_called_again_it_is_done_once(journal: Path) -> None:
    """After kill -9 whole batches are judged; the next call judges the rest, and nothing twice."""
    rows = 12_000
    fill(journal, rows)
    command = [sys.executable, str(SCHEDULER), "rescore", "--store", str(journal), "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        while child.poll() is None and _left(journal) == rows:
            pass
        child.kill()
    assert child.returncode != 0
    left = _left(journal)
    assert left % 1_000 == 0
    assert 0 < left < rows
    assert buckets(journal) == count_stored(journal)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert f'"judged": {left}, "changed": {left}' in done.stdout
    assert buckets(journal) == count_stored(journal)
    with closing(Outbox.open(journal)) as outbox:
        outbox.fill(NOON + timedelta(days=2))
        lines = [read_line(line) for _, line in outbox.pending(100_000)]
    days = [line for line in lines if line.measurement == "mention_1d"]
    assert sum(int(line.fields["negative"]) for line in days) == rows
    assert sum(int(line.fields["total"]) for line in days) == rows


def _left(path: Path) -> int:
    """Return how many mentions are still as the other engine took them."""
    volumes = Reader(path).volumes(TOPIC, NOON, NOON + timedelta(days=1), Level.DAY)
    return sum(volume.positive for volume in volumes)
