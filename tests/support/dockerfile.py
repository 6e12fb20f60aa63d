"""Reads a Dockerfile, and judges it by our own rules.

See https://docs.docker.com/reference/dockerfile/.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KNOWN = {
    "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN",
    "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip
_HOST = re.compile(r"\b(?:[a-z0-9-]+\.)+(?:com|dev|io|net|org)\b")


class Instruction(NamedTuple):
    """One instruction, its continued lines joined."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """Return its words, those of the exec form too."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return shlex.split(self.text)


def read(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    parts = (line.strip().partition(" ") for line in joined.splitlines() if line.strip())
    return [Instruction(name, rest.strip()) for name, _, rest in parts]


def copied(instructions: list[Instruction]) -> list[str]:
    """Return what is copied from outside."""
    return [
        source
        for each in instructions
        if each.name == "COPY" and "--from=" not in each.text
        for source in each.words[:-1]
    ]


def faults(text: str, context: Path) -> list[str]:
    """Return what is wrong with a Dockerfile whose context is ``context``, one sentence each."""
    instructions = read(text)
    last = max((at for at, each in enumerate(instructions) if each.name == "FROM"), default=0)
    return [
        *_bases(instructions),
        *_steps(instructions),
        *_files(instructions, context),
        *_image(instructions[last:]),
    ]


def _bases(instructions: list[Instruction]) -> Iterator[str]:
    if [each.name for each in instructions].count("FROM") < len(["build", "run"]):
        yield "there is one stage: what builds stays in the image"
    for each in instructions:
        if each.name == "FROM" and not re.search(r":\d+\.\d+\.\d+(-\w+)*$", each.words[0]):
            yield f"{each.words[0]} is not pinned to a version"


def _steps(instructions: list[Instruction]) -> Iterator[str]:
    for each in instructions:
        if each.name not in _KNOWN:
            yield f"{each.name} is not used here"
        if each.name != "FROM" and (host := _HOST.search(each.text)):
            yield f"{host[0]} is the name of a host"
        if each.name == "RUN" and re.search(r"\bsudo\b|chmod (-R )?777|curl|wget", each.text):
            yield f"RUN {each.text} does what it should not"
        if each.name == "RUN" and re.search(r"\bpip\b.* install\b", each.text):
            if "--constraint constraints.txt" not in each.text:
                yield f"RUN {each.text} heeds no constraints"
            if "--no-cache-dir" not in each.text:
                yield f"RUN {each.text} leaves a cache"
        if each.name in {"ARG", "ENV"} and re.search(r"PASSWORD|TOKEN|SECRET", each.text):
            yield f"{each.name} holds a secret"


def _files(instructions: list[Instruction], context: Path) -> Iterator[str]:
    for source in copied(instructions):
        if source in {".", "./"}:
            yield "everything is copied"
        elif not (context / source).exists():
            yield f"there is no {source} to copy"
    ignored = (context / "deploy" / "Dockerfile.dockerignore").read_text(encoding="utf-8")
    for source in copied(instructions):
        if f"!{source}" not in ignored.splitlines():
            yield f"Dockerfile.dockerignore keeps {source} away"


def _image(stage: list[Instruction]) -> Iterator[str]:
    names = [each.name for each in stage]
    users = [each.text for each in stage if each.name == "USER"]
    if not users or users[-1].partition(":")[0] in {"root", "0"}:
        yield "it runs as root"
    if "HEALTHCHECK" not in names:
        yield "it has no health check"
    for each in stage:
        if each.name in {"CMD", "ENTRYPOINT"} and not each.text.startswith("["):
            yield f"{each.name} runs in a shell, which keeps signals to itself"
    if "USER" in names and "RUN" in names[names.index("USER") :]:
        yield "something is installed by the user"
