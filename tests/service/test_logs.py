"""What is logged, and what never is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROGRAM = """
import logging
import sys
import stamina
import structlog
from service import configure_logs
from settings import Service

configure_logs(Service(log_format=sys.argv[1], log_level=sys.argv[2]))
log = structlog.get_logger()
log.debug("a detail")
log.info("mentions stored", source="hackernews", new=3)
log.warning("source is unwell", reason="bad\\nFAKE line \\x1b[2J gone", text="für 日本")
logging.getLogger("some.library").warning("from a library: %s", "here")
for name in ("httpx", "uvicorn.access", "uvicorn.error", "apscheduler.scheduler", "asyncio"):
    logging.getLogger(name).info("chatter of %s", name)
logging.getLogger("apscheduler.scheduler").warning("skipped: maximum number of instances reached")

def ask(authorization):
    raise ZeroDivisionError("no answer")

try:
    ask("Bearer hidden-in-a-local-variable")
except ZeroDivisionError:
    log.exception("collector failed")

@stamina.retry(on=ZeroDivisionError, attempts=2, wait_initial=0, wait_max=0, wait_jitter=0)
def flaky():
    raise ZeroDivisionError

try:
    flaky()
except ZeroDivisionError:
    pass

configure_logs(Service(log_format=sys.argv[1], log_level="debug"))
log.debug("another detail")
"""


def logged(form: str, level: str = "info") -> list[str]:
    """Return the lines that a program logs in this form, from this level on."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, form, level],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert ended.stdout == ""
    return ended.stderr.splitlines()


def test_each_line_of_json_is_one_event() -> None:
    """With its level, its time in UTC and its fields; those of libraries look alike."""
    events = [json.loads(line) for line in logged("json")]
    assert [event["event"] for event in events] == [
        "mentions stored",
        "source is unwell",
        "from a library: here",
        "collector failed",
        "another detail",
    ]
    assert {event["level"] for event in events} == {"info", "warning", "error", "debug"}
    assert all(event["timestamp"].endswith("Z") for event in events)
    assert events[0]["new"] == 3
    assert events[1]["reason"] == "bad\nFAKE line \x1b[2J gone"
    assert "ZeroDivisionError: no answer" in events[3]["exception"]


def test_text_from_the_network_cannot_forge_a_line() -> None:
    """Line breaks and escape sequences are shown as such; letters stay letters."""
    lines = logged("text")
    (unwell,) = [line for line in lines if "source is unwell" in line]
    assert r"'bad\nFAKE line \x1b[2J gone'" in unwell
    assert "für 日本" in unwell
    assert not [line for line in lines if line.startswith("FAKE") or "\x1b" in line]


@pytest.mark.parametrize("form", ["text", "json"])
def test_local_variables_are_not_logged(form: str) -> None:
    """A traceback names lines of code, not what they were working on."""
    text = "\n".join(logged(form, "debug"))
    assert "ZeroDivisionError: no answer" in text
    assert "hidden-in-a-local-variable" not in text.replace('ask("Bearer hidden', "")


@pytest.mark.parametrize(
    ("level", "first"), [("debug", "a detail"), ("warning", "source is unwell")]
)
def test_the_level_decides_what_is_told(level: str, first: str) -> None:
    """Also of what libraries tell, and it can be changed while the service runs."""
    lines = logged("json", level)
    assert json.loads(lines[0])["event"] == first
    assert json.loads(lines[-1])["event"] == "another detail"
