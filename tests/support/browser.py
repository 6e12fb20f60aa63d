"""A real Chromium for the tests of the page, and a real server for it."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette

_CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_START_TIMEOUT = 20.0


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """Serve ``app`` by uvicorn on a free port of 127.0.0.1; give its address."""
    config = uvicorn.Config(app, port=0, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="uvicorn", daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_TIMEOUT
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("uvicorn did not start; its log says why")
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Visit:
    """A page in the browser, and what it did behind the scenes.

    Attributes:
        page: The page.
        complaints: Errors and warnings on its console, uncaught exceptions, refused requests.
        requested: The address of every request.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    def foreign(self, origin: str) -> list[str]:
        """Return the requests that went elsewhere than to ``origin``."""
        home = urlsplit(origin).netloc
        return [url for url in self.requested if urlsplit(url).netloc not in {home, ""}]


@contextmanager
def visit(
    browser: Browser, *, width: int = 1280, height: int = 900, dark: bool = False
) -> Iterator[Visit]:
    """Give a new page of its own profile that notes complaints and requests."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    seen = Visit(context.new_page())
    seen.page.on(
        "console",
        lambda message: (
            seen.complaints.append(message.text) if message.type in {"error", "warning"} else None
        ),
    )
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("request", lambda request: seen.requested.append(request.url))
    try:
        yield seen
    finally:
        context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium once for a module.

    It lives no longer than that, since playwright's event loop counts as running in this thread
    while it lives, so that ``asyncio.run`` of another module would be refused.
    """
    if not _CHROMIUM.exists():
        reason = f"{_CHROMIUM} is missing; install Debian's package chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield chromium
        chromium.close()
