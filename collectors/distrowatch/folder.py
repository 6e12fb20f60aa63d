"""What is kept on the disk beside the journal: whose turn it is to ask, and refused pages.

DistroWatch asks for 15 seconds between requests and blocks those who do not keep to it. Two
processes may want to ask it (the service, a backfill), and one may be killed between asking and
noting that it has asked; the kernel frees its lock, and the file still says that it was asking.
"""

from __future__ import annotations

import asyncio
import fcntl
import time
from contextlib import asynccontextmanager
from typing import IO, TYPE_CHECKING

from collectors.contract import SourceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

_GLANCE = 0.2  # seconds between two looks at whether another process has finished
_LARGEST = 2_000_000  # characters of a page that are kept
_ASKING = "asking"


class Folder:
    """A folder beside the journal."""

    def __init__(self, path: Path | None) -> None:
        """Use the folder at ``path``, which need not exist; None keeps nothing."""
        self.path = path

    @asynccontextmanager
    async def turn(self, spacing: float) -> AsyncIterator[Callable[[float], None]]:
        """Wait until nobody else asks, and until the last request of anybody is long enough ago.

        Args:
            spacing: Least seconds between two requests.

        Yields:
            What takes the crawl delay of robots.txt, in seconds, for the next turn to wait as long.

        Raises:
            SourceError: The folder cannot be written.
        """
        if self.path is None:
            yield lambda _: None
            return
        file = self._open()
        try:
            while not _is_mine(file):  # noqa: ASYNC110 - another process sets no event of ours
                await asyncio.sleep(_GLANCE)
            left, delay = _left(file, spacing)
            await asyncio.sleep(left)

            def note(crawl_delay: float) -> None:
                nonlocal delay
                delay = crawl_delay
                _write(file, _ASKING, delay)

            _write(file, _ASKING, delay)
            try:
                yield note
            finally:
                _write(file, f"{time.time():.3f}", delay)
        finally:
            file.close()

    def put_aside(self, name: str, page: str) -> Path | None:
        """Keep a page that was refused; return where, None if it cannot be kept.

        The next one of the same name takes its place.
        """
        if self.path is None:
            return None
        kept = self.path / f"refused-{name}.html"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            kept.write_text(page[:_LARGEST], encoding="utf-8", errors="replace")
        except OSError:
            return None
        return kept

    def _open(self) -> IO[str]:
        assert self.path is not None  # noqa: S101 - the caller looked
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            return (self.path / "turn").open("a+", encoding="ascii", errors="replace")
        except OSError as error:
            problem = f"{self.path}: {error.strerror}; hubbub must be able to write it"
            raise SourceError(problem) from None


def _is_mine(file: IO[str]) -> bool:
    """Take the lock if nobody has it; return whether it is ours."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _left(file: IO[str], spacing: float) -> tuple[float, float]:
    """Return for how many seconds nobody may ask, and the crawl delay, as far as it is known."""
    file.seek(0)
    state, _, known = file.read(100).partition(" ")
    delay = _number(known)
    whole = max(spacing, delay)
    if state == _ASKING:  # somebody was killed, at the latest just now
        return whole, delay
    return min(max(_number(state) + whole - time.time(), 0.0), whole), delay


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _write(file: IO[str], state: str, delay: float) -> None:
    file.seek(0)
    file.truncate()
    file.write(f"{state} {delay:g}")
    file.flush()
