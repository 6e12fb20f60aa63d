"""What every command has in common."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

import pytest
import typer.main

from commands import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.conftest import Hubbub


def _commands(group: object, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the words that call each command."""
    inner = getattr(group, "commands", None)
    if inner is None:
        yield path
    else:
        if getattr(group, "invoke_without_command", False):
            yield path
        for name, command in inner.items():
            yield from _commands(command, *path, name)


COMMANDS = tuple(_commands(typer.main.get_command(app)))


def test_the_commands_are_those_that_are_documented() -> None:
    """Scripts call them by these names."""
    assert set(COMMANDS) >= {
        ("run",), ("init",), ("check",), ("try",), ("score",), ("detect",), ("import",),
        ("distros",), ("mark",), ("incidents",), ("status",), ("alert", "test"),
        ("incidents", "ack"), ("incidents", "snooze"),
        ("maintenance", "add"), ("maintenance", "list"), ("maintenance", "end"),
    }  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_its_help_has_an_example(hubbub: Hubbub, words: tuple[str, ...]) -> None:
    """Nobody should have to guess how it is called."""
    ended = hubbub(*words, "--help")
    assert ended.code == 0
    assert f"Example: hubbub {' '.join(words)}" in " ".join(ended.out.split())
    if words != ("init",):
        assert "--config" in ended.out
        assert "--store" in ended.out


def test_its_version_is_that_of_the_package(hubbub: Hubbub) -> None:
    """The one that is installed."""
    assert hubbub("--version").out == f"hubbub {metadata.version('hubbub')}\n"


@pytest.mark.parametrize("arguments", [("explode",), ("status", "--nosuch"), ("score",)])
def test_a_misuse_is_code_2(hubbub: Hubbub, arguments: tuple[str, ...]) -> None:
    """With a hint at the help."""
    ended = hubbub(*arguments)
    assert ended.code == 2
    assert "--help" in ended.complaint
