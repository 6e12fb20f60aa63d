"""The systemd unit, as systemd itself judges it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

import scheduler
from commands import app

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "deploy" / "hubbub.service"
BINARY = "/opt/hubbub/bin/hubbub"
EXPOSURE = 1.5

with_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None and "CI" not in os.environ,
    reason="systemd-analyze is not installed (Debian: apt-get install systemd)",
)


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze."""
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A copy of the unit that starts a program that this machine has."""
    text = UNIT.read_text(encoding="utf-8")
    assert f"ExecStart={BINARY} " in text
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace(BINARY, sys.executable), encoding="utf-8")
    return copy


def settings_of_unit() -> ConfigParser:
    """Return the unit's keys."""
    parser = ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keep the case of keys
    parser.read(UNIT, encoding="utf-8")
    return parser


@with_systemd
def test_systemd_finds_no_fault_with_the_unit(unit: Path) -> None:
    """Every key is known and has a value that systemd takes."""
    done = analyze("verify", "--recursive-errors=no", str(unit))
    complaints = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, complaints) == (0, [])


@with_systemd
def test_the_unit_is_hardened(unit: Path) -> None:
    """Its exposure, from 0 (none) to 10, is what the documentation promises."""
    done = analyze("security", "--offline=true", "--no-pager", str(unit))
    found = re.search(r"exposure level for hubbub\.service: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= EXPOSURE


def test_the_unit_starts_a_command_that_exists() -> None:
    """Its command line is one that hubbub understands."""
    start = settings_of_unit()["Service"]["ExecStart"]
    assert start.split()[:2] == [BINARY, "run"]
    assert "run" in {
        command.callback.__name__ for command in app.registered_commands if command.callback
    }
    assert "--store ${STATE_DIRECTORY}/" in start


def test_systemd_waits_longer_than_the_service_drains() -> None:
    """Otherwise it would be killed while it finishes its work."""
    assert float(settings_of_unit()["Service"]["TimeoutStopSec"]) > 2 * scheduler.DRAIN
