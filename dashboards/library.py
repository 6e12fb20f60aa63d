"""plotly's JavaScript, from the wheel that is installed: no build step, no CDN."""

from __future__ import annotations

import gzip
import re
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

URL = f"/static/plotly-{version('plotly')}.min.js"
_STYLE_GUARD = re.compile(rb'document\.getElementById\("([0-9a-f]{64})"\)')


def serve(request: Request) -> Response:
    """Answer with plotly's JavaScript; its address changes with its version, so it may be kept."""
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
    if zipped:
        headers["content-encoding"] = "gzip"
    body = _zipped() if zipped else _script()
    return Response(body, media_type="text/javascript", headers=headers)


@cache
def style_guards() -> tuple[str, ...]:
    """Return the ids under which plotly looks for style sheets of its map traces.

    It would add those sheets inline, which the Content-Security-Policy forbids; where elements with
    these ids exist already it leaves them out. The page draws no maps.
    """
    return tuple(sorted({match.decode() for match in _STYLE_GUARD.findall(_script())}))


@cache
def _zipped() -> bytes:
    return gzip.compress(_script(), compresslevel=6, mtime=0)


def _script() -> bytes:
    # find_spec does not import plotly, which would be slow.
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("plotly is not installed, so that the page has no charts")
    return (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_bytes()
