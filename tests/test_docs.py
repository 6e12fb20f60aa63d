"""What is written for users is whole and true: keys, commands, metrics, points, links, examples."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import tomllib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
from pydantic import TypeAdapter

import collectors
import settings
from commands import app
from commands.options import sample
from service import Health
from signals import (
    Change,
    Collection,
    Event,
    Incident,
    Judgement,
    Mention,
    Phase,
    Polarity,
    Post,
    Reading,
    Span,
    State,
    Step,
    Verdict,
)
from storage import Journal
from tests.support.tables import PLACES, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
EXAMPLES = {
    "__init__.py",
    "collectors/forum.py",
    "tests/collectors/cases/forum.py",
    "tests/collectors/payloads/forum.json",
}
"""Files that a page tells the reader to write, and those that every package has."""

_FENCE = re.compile(
    r"^(?P<indent> *)(?:<!-- (?P<mark>run|file: (?P<file>[\w.]+)) -->\n\s*)?"
    r"```(?P<kind>\w*)\n(?P<body>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_CODE = re.compile(r"`([^`\n]+)`")
_OPTION = re.compile(r"--[a-z][a-z-]*")


@cache
def page(name: str) -> str:
    """Return the text of a page of the documentation."""
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """Return what stands under the heading ``title`` of the second level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {title}"
    return found[1]


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row of each table in ``text``."""
    for line in text.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("| ").split(" |")]


def names(cell: str) -> set[str]:
    """Return what stands in ``cell`` as code."""
    return set(_CODE.findall(cell))


# -- the configuration


def test_the_sample_is_shown_whole() -> None:
    """The documentation shows the very file that `hubbub init` writes."""
    shown = re.search(
        r"<!-- sample: begin -->\n```toml\n(.*)```\n<!-- sample: end -->",
        page("configuration.md"),
        re.DOTALL,
    )
    assert shown is not None
    assert shown[1] == sample()


KEYS = [
    pytest.param(place, key, id=f"{place.label} {key}")
    for place in PLACES
    if place.name
    for key in place.model.model_fields
]


def explanation(place: Place, key: str) -> list[str]:
    """Return the row of the table that explains ``key``."""
    if place.name not in {"sources", "channels"}:
        title = f"`[[{place.name}]]`" if place.is_list else f"`[{place.name}]`"
        text = section(page("configuration.md"), title)
    elif place.name == "channels":
        own = place.kind != "webhook" and section(page("channels.md"), f"`{place.kind}`")
        text = own or page("webhook.md").partition("\n## ")[0]
        text += section(page("configuration.md"), "`[[sources]]` and `[[channels]]`")
    else:
        text = page(f"sources/{place.kind}.md")
        if key in {"kind", "enabled", "topics"}:
            text = section(page("configuration.md"), "`[[sources]]` and `[[channels]]`")
    found = [row for row in rows(text) if row[0] == f"`{key}`"]
    assert found, f"nothing explains {key}"
    return found[0]


@pytest.mark.parametrize(("place", "key"), KEYS)
def test_every_key_is_explained(place: Place, key: str) -> None:
    """Each key of each table, those of every kind of source and channel too, has its words."""
    row = explanation(place, key)
    assert len(row[-1]) > len("meaning")


@pytest.mark.parametrize(("place", "key"), KEYS)
def test_every_default_is_true(place: Place, key: str) -> None:
    """What a page calls the default of a key is its default."""
    row = explanation(place, key)
    field = place.model.model_fields[key]
    if field.default_factory is not None or key == "kind":
        return
    cell = row[-2]
    if cell == "depends":
        return
    if cell == "required":
        assert field.is_required()
    elif cell in {"none", "empty"}:
        assert not field.get_default()
    else:
        value = tomllib.loads(f"value = {cell.strip('`')}")["value"]
        assert TypeAdapter(field.rebuild_annotation()).validate_python(value) == field.get_default()


# -- the commands


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the name of each command, ``hubbub`` itself included, and the command."""
    command = command or typer.main.get_command(app)
    inner = getattr(command, "commands", {})
    if not inner or not path or getattr(command, "invoke_without_command", False):
        yield " ".join(("hubbub", *path)), command
    for name, each in inner.items():
        yield from commands(each, (*path, name))


def options(command: Any) -> set[str]:
    """Return the long options of a command."""
    found = {option for parameter in command.params for option in parameter.opts}
    return {option for option in found if option.startswith("--")} - {"--help"}


def explained(name: str) -> str:
    """Return what the documentation says of a command."""
    text = page("commands.md")
    return text if name == "hubbub" else section(text, f"`{name}`")


@pytest.mark.parametrize(("name", "command"), [pytest.param(n, c, id=n) for n, c in commands()])
def test_every_command_and_option_is_explained(name: str, command: Any) -> None:
    """Each command has a section that names each of its options."""
    missing = options(command) - set(_OPTION.findall(explained(name)))
    assert not missing


@pytest.mark.parametrize(
    ("name", "command"), [pytest.param(n, c, id=n) for n, c in commands() if n != "hubbub"]
)
def test_no_option_is_invented(name: str, command: Any) -> None:
    """What a table calls an option of a command is one."""
    told = {option for row in rows(explained(name)) for option in _OPTION.findall(row[0])}
    assert told <= options(command)


def test_no_command_is_invented() -> None:
    """Each section about a command is about one that exists."""
    titles = re.findall(r"^## `(hubbub [a-z ]+)`$", page("commands.md"), re.MULTILINE)
    assert set(titles) == {name for name, _ in commands()} - {"hubbub"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_calls_a_command_that_does_not_exist(path: Path) -> None:
    """Wherever a page calls `hubbub`, the command and its options exist."""
    exist = {name: options(command) for name, command in commands()}
    text = path.read_text(encoding="utf-8")
    called = [code for code in names(text) if code.startswith("hubbub ")]
    for block in _FENCE.finditer(text):
        if block["kind"] == "console":
            called += re.findall(
                r"^(?:[$#] )?[\w./]*(hubbub [^|#\n]*)", block["body"], re.MULTILINE
            )
    for call in called:
        words = call.split()
        name = next((n for n in (" ".join(words[:3]), " ".join(words[:2])) if n in exist), None)
        if words[1][0].isupper() or words[1].startswith("-"):
            continue  # prose, or hubbub's own options
        assert name is not None, f"{call}: there is no such command"
        given = set(_OPTION.findall(re.sub(r'"[^"]*"', "", call))) - {"--help"}
        assert given <= exist[name], call


# -- metrics and points


def test_the_metrics_are_those_that_exist() -> None:
    """Every metric is explained, and none that there is not."""
    exist = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in Health().registry.collect()
    }
    told = {name for row in rows(page("service.md")) for name in names(row[0])}
    assert {name for name in told if name.startswith("hubbub_")} == exist
    assert set(re.findall(r"hubbub_[a-z_]+", page("service.md"))) == exist


NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def every_line(path: Path) -> list[str]:
    """Return the lines that a journal with something of everything sends to InfluxDB."""
    judgement = Judgement(Polarity.NEGATIVE, -0.5, 0.5, 0.5, 0.0)

    def mention(number: int) -> Mention:
        return Mention("GitHub", Post("forum", str(number), "down", NOON, "ada"), judgement)

    verdict = Verdict(NOON, 9.0, 1.0, 0.0, 5.0, 6.0, State.CONFIRMED)
    incident = Incident("i", "GitHub", Phase.CONFIRMED, NOON, NOON, verdict)
    later = NOON + timedelta(days=2)
    with Journal(path) as journal:
        journal.declare(["GitHub"], "forum")
        journal.record(
            Collection(
                "forum",
                readings=(Reading("mint", "Mint", "forum", "6m", NOON, 1, 9),),
                events=(Event("e", "deploy", "v2", NOON, "GitHub"),),
                watched=(Span(NOON, NOON + timedelta(hours=1)),),
                cursor="1",
            ),
            [mention(1)],
            now=NOON + timedelta(hours=1),
        )
        journal.incidents.record(
            "GitHub",
            "{}",
            NOON,
            verdicts=[verdict],
            incidents=[incident],
            changes=[Change(incident, NOON, "more than usual", Step.CONFIRMED)],
            now=NOON,
        )
        journal.outbox.fill(later)
        journal.record(Collection("forum"), [mention(2)], now=later)
        journal.outbox.fill(later)
        return [line for _, line in journal.outbox.pending(1_000)]


def test_the_points_are_those_that_are_sent(tmp_path: Path) -> None:
    """Every measurement with its tags and fields is in the table, and nothing else."""
    sent: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for line in every_line(tmp_path / "hubbub.db"):
        key, fields, _ = re.sub(r'"[^"]*"', "0", line.replace(r"\ ", "_")).split(" ")
        measurement, *tags = key.split(",")
        sent[measurement][0].update(tag.partition("=")[0] for tag in tags)
        sent[measurement][1].update(field.partition("=")[0] for field in fields.split(","))
    told: dict[str, tuple[set[str], set[str]]] = {}
    for name, tags_cell, fields_cell, _ in rows(section(page("influxdb.md"), "What is written")):
        if not names(name):
            continue
        same = told["mention_1m"] if "the same" in (tags_cell, fields_cell) else None
        told[name.strip("`")] = same or (names(tags_cell), names(fields_cell))
    assert told.pop("delivery") == (set(), {"probe"})
    assert told == dict(sent)


# -- links, files, examples


def anchors(path: Path) -> set[str]:
    """Return the anchors that the headings of a page have, as on GitHub."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_resolves(path: Path) -> None:
    """Links and pictures lead to files of this project, and to headings that they have."""
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link} leads to no heading"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_mentions_a_missing_file(path: Path) -> None:
    """What looks like a file of this project is one."""
    folders = "|".join(each.name for each in ROOT.iterdir() if each.is_dir())
    text = path.read_text(encoding="utf-8")
    found = re.findall(rf"(?<![\w./@-])((?:{folders})/[\w./-]*\w|\w+\.py)(?![\w/])", text)
    assert {name for name in found if not (ROOT / name).exists()} <= EXAMPLES


def test_every_page_is_in_the_index() -> None:
    """A page that the index lacks is a page that nobody reads."""
    linked = set(re.findall(r"\(([a-z]+\.md)\)", page("README.md")))
    assert linked == {path.name for path in DOCS.glob("*.md")} - {"README.md"}


def test_every_kind_of_source_has_a_page_and_a_sample() -> None:
    """Each kind is in the table of sources, and its page shows a table of settings that works."""
    listed = re.findall(r"^\| \[`(\w+)`\]\(sources/(\w+)\.md\)", page("sources.md"), re.MULTILINE)
    assert [kind for kind, _ in listed] == [name for _, name in listed] == sorted(collectors.KINDS)
    for kind in collectors.KINDS:
        text = page(f"sources/{kind}.md")
        assert text.startswith(f"# `{kind}`\n")
        shown = next(block["body"] for block in _FENCE.finditer(text) if block["kind"] == "toml")
        raw = re.sub(r"\$\{\w+\}", "0123456789abcdef", shown)
        (table,) = tomllib.loads(raw)["sources"]
        assert settings.parse(collectors.KINDS[kind].table, table, origin=kind).enabled
        assert table["kind"] == kind


def examples(path: Path) -> list[re.Match[str]]:
    """Return the marked blocks of a page: files to write and commands to run, in order."""
    return [each for each in _FENCE.finditer(path.read_text(encoding="utf-8")) if each["mark"]]


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell in which `hubbub` is the command line of this checkout."""
    command = tmp_path / "bin" / "hubbub"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "scheduler.py"}" "$@"\n')
    command.chmod(0o755)
    plain = {"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    return {**os.environ, **plain, "PATH": f"{command.parent}:{os.environ['PATH']}"}


@pytest.mark.parametrize(
    "path", [path for path in PAGES if examples(path)], ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_examples_run(path: Path, shell: dict[str, str], tmp_path: Path) -> None:
    """Each marked example does what its page shows; ``...`` stands for anything."""
    for block in examples(path):
        body = textwrap.dedent(block["body"])
        if block["file"]:
            (tmp_path / block["file"]).write_text(body, encoding="utf-8")
        elif block["kind"] == "python":
            assert run([sys.executable, "-W", "error", "-c", body], shell, tmp_path) == ""
        else:
            for step in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, _, expected = step.partition("\n")
                said = run(["sh", "-c", command], shell, tmp_path)
                pattern = ".*".join(map(re.escape, expected.split("...")))
                assert re.fullmatch(pattern, said, re.DOTALL), f"$ {command}\n{said}"


def run(command: list[str], environment: dict[str, str], folder: Path) -> str:
    """Return what a command prints, errors included."""
    done = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout
