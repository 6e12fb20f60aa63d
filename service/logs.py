"""Structured logs on standard error; those of libraries take the same way."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import stamina.instrumentation
import structlog

if TYPE_CHECKING:
    from settings import Service

# These tell of every request, start and stop at level info, addresses with their parameters too.
_TALKATIVE = ("httpx", "httpcore", "hishel", "uvicorn", "asyncio")


def configure_logs(settings: Service) -> None:
    """Log as ``[service]`` says: ``text`` for people, ``json`` for machines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor
    if settings.log_format == "json":
        shared.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The default shows local variables, among which there are secrets.
            exception_formatter=structlog.dev.plain_traceback,
            # Quoted, since a line break or an escape sequence may come from the network.
            repr_native_str=True,
        )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        cache_logger_on_first_use=False,  # so that a reload can change the level
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # What goes wrong with a job or an attempt is told once, by the service itself.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    stamina.instrumentation.set_on_retry_hooks([])
