"""What keeps the page safe: headers, host names, its own copy of plotly."""

from __future__ import annotations

import gzip
from importlib.metadata import version

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dashboards import create_app, library
from tests.dashboards.journal import Journal
from tests.support.browser import served


@pytest.mark.parametrize("path", ["/", "/topics/GitHub", "/api/topics", "/static/page.css", "/no"])
def test_every_answer_is_fenced_in(address: str, path: str) -> None:
    """The policy allows nothing but our own files, inline nothing at all."""
    headers = httpx.get(address + path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8460", "[::1]:8460"])
def test_loopback_names_are_let_in(address: str, host: str) -> None:
    """Whoever sits at the machine gets the page by any of its names."""
    assert httpx.get(address, headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1", ""])
def test_a_foreign_name_is_refused(address: str, host: str) -> None:
    """A site that points its own name at loopback learns nothing (DNS rebinding)."""
    answer = httpx.get(f"{address}/api/topics", headers={"host": host})
    assert answer.status_code == 400
    assert "GitHub" not in answer.text


def test_other_names_and_routes_can_be_given() -> None:
    """The service adds its health routes, and the name under which it is known."""
    route = Route("/healthz", lambda _: PlainTextResponse("ok"))
    app = create_app(Journal(), extra_routes=[route], allowed_hosts=["hubbub.example"])
    with served(app) as address:
        known = httpx.get(f"{address}/healthz", headers={"host": "hubbub.example"})
        assert (known.status_code, known.text) == (200, "ok")
        assert httpx.get(f"{address}/healthz").status_code == 400


def test_plotly_comes_from_its_wheel_and_may_be_kept(address: str) -> None:
    """The address changes with the version, so that a browser may keep it for a year."""
    assert version("plotly") in library.URL
    plain = httpx.get(address + library.URL, headers={"accept-encoding": "identity"})
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"].startswith("text/javascript")
    with httpx.stream("GET", address + library.URL, headers={"accept-encoding": "gzip"}) as small:
        zipped = b"".join(small.iter_raw())
    assert small.headers["content-encoding"] == "gzip"
    assert len(zipped) < len(plain.content) / 3
    assert gzip.decompress(zipped) == plain.content
