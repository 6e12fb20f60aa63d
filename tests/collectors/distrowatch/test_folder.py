"""Whose turn it is to ask, over processes and kills; and what is kept of refused pages."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from collectors import SourceError
from collectors.distrowatch.folder import Folder

ROOT = Path(__file__).parents[3]
SPACING = 0.3
_ASKS = f"""
import asyncio, sys
from pathlib import Path
from collectors.distrowatch.folder import Folder

async def ask():
    async with Folder(Path(sys.argv[1])).turn({SPACING}):
        print("asking", flush=True)
        await asyncio.sleep(60)

asyncio.run(ask())
"""


def take(folder: Path, spacing: float = SPACING, crawl_delay: float = 0.0) -> tuple[float, float]:
    """Take a turn; return when it began and ended, by the monotonic clock."""

    async def run() -> tuple[float, float]:
        async with Folder(folder).turn(spacing) as note:
            began = time.monotonic()
            note(crawl_delay)
            return began, time.monotonic()

    return asyncio.run(run())


def test_a_turn_waits_for_the_last_one(tmp_path: Path) -> None:
    """Whoever took it."""
    _, ended = take(tmp_path)
    began, _ = take(tmp_path)
    assert began - ended >= SPACING - 0.01


def test_a_turn_waits_for_the_crawl_delay_of_the_last_one(tmp_path: Path) -> None:
    """Which only that one may know."""
    _, ended = take(tmp_path, 0.0, crawl_delay=SPACING)
    began, _ = take(tmp_path, 0.0)
    assert began - ended >= SPACING - 0.01


def test_a_first_turn_waits_for_nobody(tmp_path: Path) -> None:
    """Nor does one in a file that says nothing, or one from a clock that was far ahead."""
    (tmp_path / "turn").write_text("nonsense", encoding="ascii")
    take(tmp_path, 60.0)
    (tmp_path / "turn").write_text(f"{time.time() + 1e6:.0f} 0", encoding="ascii")
    before = time.monotonic()
    began, _ = take(tmp_path)
    assert began - before < SPACING + 5


def test_nobody_asks_beside_another(tmp_path: Path) -> None:
    """And when that one is killed while it was asking, the whole wait begins then."""
    with subprocess.Popen(
        [sys.executable, "-c", _ASKS, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "asking\n"

            async def waits() -> None:
                async with asyncio.timeout(2 * SPACING):
                    async with Folder(tmp_path).turn(SPACING):
                        raise AssertionError("both ask")

            with pytest.raises(TimeoutError):
                asyncio.run(waits())
        finally:
            other.kill()
    killed = time.monotonic()
    began, _ = take(tmp_path)
    assert began - killed >= SPACING - 0.01


def test_a_turn_that_fails_is_over(tmp_path: Path) -> None:
    """The next one waits as after any other."""

    async def fails() -> None:
        async with Folder(tmp_path).turn(SPACING):
            raise SourceError("no answer")

    with pytest.raises(SourceError, match="no answer"):
        asyncio.run(fails())
    take(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file stands in its place: asking is an error, keeping a page is not."""
    (tmp_path / "file").write_text("", encoding="ascii")
    with pytest.raises(SourceError, match="must be able to write it"):
        take(tmp_path / "file")
    assert Folder(tmp_path / "file").put_aside("2014", "<html>") is None


def test_a_page_is_kept_once_for_each_name(tmp_path: Path) -> None:
    """The next refused one takes its place, and a page without end is cut."""
    folder = Folder(tmp_path / "new")
    folder.put_aside("2014", "first")
    kept = folder.put_aside("2014", "\ud800" + "x" * 3_000_000)
    assert kept == tmp_path / "new" / "refused-2014.html"
    assert kept.stat().st_size == 2_000_000
    assert list(kept.parent.iterdir()) == [kept]
    assert Folder(None).put_aside("2014", "page") is None
