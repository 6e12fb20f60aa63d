"""The command line, ``hubbub``: one module for each group of commands."""

from __future__ import annotations

import io
import sys

import stamina.instrumentation
import structlog

from alerts import SendFailed, StateError
from collectors import ArchiveError, SourceError
from commands import (
    alert,
    archive,
    backfill,
    backtest,
    care,
    deploys,
    distros,
    grafana,
    influx,
    look,
    mark,
    rescore,
    run,
    score,
    series,
    setup,
    sources,
)
from commands.app import app
from dashboards.grafana import GrafanaError
from sentiment import EngineError
from settings import SettingsError
from storage import InfluxError, StoreError

__all__ = ["app", "main"]

_MODULES = (
    alert, archive, backfill, backtest, care, deploys, distros, grafana, influx, look, mark,
    rescore, run, score, series, setup, sources,
)  # fmt: skip

FAILED = 1
MISUSED = 2


def main() -> None:
    """Run the command line; exit with 0, 1 (a failure at run time) or 2 (misuse, configuration)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # not every terminal knows every letter
    # Standard output is for results. The stream is looked up each time, since it may be exchanged.
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    stamina.instrumentation.set_on_retry_hooks([])  # errors tell what failed in the end
    try:
        app()
    except (SettingsError, EngineError) as error:
        _leave(error, MISUSED)
    except (
        StoreError, InfluxError, GrafanaError, SourceError, ArchiveError, SendFailed, StateError,
    ) as error:  # fmt: skip
        _leave(error, FAILED)
    except UnicodeEncodeError:
        _leave("an argument is not valid text in UTF-8", MISUSED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has left; there is nobody to complain to
        sys.exit(FAILED)


def _leave(error: object, code: int) -> None:
    sys.stderr.write(f"hubbub: {error}\n")
    sys.exit(code)
