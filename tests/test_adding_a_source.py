"""The example of how to add a source, done to a copy of this project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(
    r"^ *<!-- (?P<what>new|add): (?P<file>[\w./]+) -->\n *```\w+\n(?P<body>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_FOLDERS = ("collectors", "tests", "trends")
_FILES = ("signals.py", "settings.py", "pyproject.toml")


def test_the_example_of_a_new_source_conforms(tmp_path: Path) -> None:
    """One file, one line, one payload, one case, as the page says: the suite then takes it."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in _FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    steps = list(_BLOCK.finditer((ROOT / "docs" / "sources.md").read_text(encoding="utf-8")))
    assert [step["what"] for step in steps] == ["new", "add", "new", "new", "add"]
    for step in steps:
        file, body = tmp_path / step["file"], textwrap.dedent(step["body"])
        if step["what"] == "new":
            assert not file.exists()
            file.write_text(body, encoding="utf-8")
        else:
            add(file, *body.splitlines())
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "tests/collectors/test_conformance.py"),
            *("-k", "forum or every_kind", "-p", "no:cacheprovider", "-q"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 40


def add(file: Path, new_import: str, before: str, line: str) -> None:
    """Add an import, and a line after the one that is shown before it."""
    text = file.read_text(encoding="utf-8")
    assert text.count(f"{before}\n") == 1
    text = text.replace(f"{before}\n", f"{before}\n{line}\n")
    first = re.search(r"^from (?!__future__)", text, re.MULTILINE)
    assert first is not None
    text = f"{text[: first.start()]}{new_import}\n{text[first.start() :]}"
    file.write_text(text, encoding="utf-8")
