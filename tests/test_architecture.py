"""Who may import whom, where import-linter cannot look: the modules at the top level."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {
    *(path.stem for path in ROOT.glob("*.py")),
    *(path.parent.name for path in ROOT.glob("*/__init__.py")),
}


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("signals", set()),
        ("settings", {"signals"}),
        ("scheduler", OURS - {"scheduler", "tests", "benchmarks"}),
    ],
)
def test_a_top_level_module_imports_only_what_it_may(module: str, allowed: set[str]) -> None:
    """The vocabulary knows nothing of ours, the settings only the vocabulary."""
    tree = ast.parse((ROOT / f"{module}.py").read_text(encoding="utf-8"))
    names = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert names & OURS <= allowed


def test_every_package_is_in_the_wheel_and_under_the_contract() -> None:
    """A new room cannot be forgotten where packages are listed."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for package in OURS - {"tests", "benchmarks"}:
        assert text.count(f'"{package}') >= 3, package
