"""The page as one ASGI application."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from dashboards import library, security
from dashboards.api import Api
from dashboards.pages import Pages, templates
from dashboards.parameters import BadParameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from dashboards.reader import Explain, Reader

_HERE = Path(__file__).parent


def create_app(
    reader: Reader,
    *,
    explain: Explain | None = None,
    extra_routes: Sequence[BaseRoute] = (),
    allowed_hosts: Sequence[str] = security.LOOPBACK,
) -> Starlette:
    """Return the page.

    Args:
        reader: The journal that it shows.
        explain: Finds what stands behind an incident; without it complaints alone are quoted.
        extra_routes: More routes to serve beside its own, e.g. ``/healthz``.
        allowed_hosts: Names by which a browser may address the page; ``*`` allows any. The default
            lets no foreign site reach a page on loopback by pointing its own name there (DNS
            rebinding).
    """
    environment = templates(_HERE / "templates")
    routes = [
        *extra_routes,
        *Api(reader).routes(),
        *Pages(reader, environment, explain).routes(),
        Route(library.URL, library.serve),
        Mount("/static", StaticFiles(directory=_HERE / "static"), name="static"),
    ]
    middleware = [
        Middleware(security.SecurityHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False),
        Middleware(GZipMiddleware, minimum_size=1_000),
    ]

    def answer(request: Request, status: int, sentence: str, parameter: str = "") -> Response:
        if request.url.path.startswith("/api/"):
            document = {"error": sentence} | ({"parameter": parameter} if parameter else {})
            return JSONResponse(document, status)
        page = environment.get_template("error.html").render(status=status, sentence=sentence)
        return HTMLResponse(page, status)

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, BadParameter)  # noqa: S101 - registered for it alone
        return answer(request, 400, str(error), error.parameter)

    def failed(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
        return answer(request, error.status_code, error.detail)

    def broken(request: Request, _: Exception) -> Response:
        sentence = "hubbub could not read its journal; its log says why."
        response = answer(request, 500, sentence)
        response.headers.update(security.HEADERS)  # outside of all middleware
        return response

    return Starlette(
        routes=routes,
        middleware=middleware,
        exception_handlers={BadParameter: refused, HTTPException: failed, Exception: broken},
    )
