"""The connection to Grafana's API, and its errors in words. The only module on grafana-client.

GrafanaError   Grafana did not do what it was asked; the message says why and what to do
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    import settings

_TIMEOUT = 10.0  # seconds
_LONGEST_REASON = 300
_PROBLEMS = {
    401: ("does not know the token", "correct grafana.token"),
    403: ("forbids the token to {doing}", "give its service account the role Admin"),
    404: ("has no such thing: {doing}", "see whether grafana.url leads to Grafana 11 or later"),
    409: (
        "will not {doing}: it is in use, or belongs to somebody else",
        "see what holds it; if it was provisioned by files, remove it from there first",
    ),
    412: (
        "will not {doing}: somebody changed it at the same time",
        "run the command again",
    ),
}
_REFUSED = ("will not {doing}", "its own log says more")
_FAILS = ("failed to {doing}", "its own log says why")


class GrafanaError(Exception):
    """Grafana did not do what it was asked; the message is one sentence with the remedy.

    Attributes:
        status: The HTTP status; None if there was no answer.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status


class Grafana:
    """A connection.

    Attributes:
        api: grafana-client's ``GrafanaApi``; to be used within ``doing``.
        place: Grafana's address, without a user or a password.
    """

    def __init__(self, grafana: settings.Grafana) -> None:
        """Prepare a connection; nothing is asked yet.

        Raises:
            GrafanaError: grafana-client is not installed.
        """
        try:
            # PLC0415: an optional extra, and slow to import.
            from grafana_client.api import GrafanaApi  # noqa: PLC0415
            from grafana_client.client import TokenAuth  # noqa: PLC0415
        except ImportError:
            raise GrafanaError(
                "provisioning through Grafana's API needs grafana-client: install hubbub with its "
                'extra, pip install "hubbub[grafana]", or write files with hubbub grafana export'
            ) from None
        parts = urlsplit(grafana.url)
        self.place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._token = grafana.token.get_secret_value()
        prefix = parts.path.strip("/")
        self.api: Any = GrafanaApi(
            TokenAuth(self._token) if self._token else None,  # type: ignore[no-untyped-call]
            host=f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname,
            port=parts.port,
            protocol=parts.scheme,
            url_path_prefix=f"{prefix}/" if prefix else "",
            timeout=_TIMEOUT,
            user_agent="hubbub",
            organization_id=grafana.org,
        )

    def close(self) -> None:
        """Give back what the connection holds."""
        self.api.client.s.close()

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Explain what goes wrong within the block as having tried to do ``what``.

        Raises:
            GrafanaError: Anything went wrong.
        """
        from grafana_client.client import GrafanaException  # noqa: PLC0415 - as in __init__
        from niquests.exceptions import RequestException  # noqa: PLC0415 - as in __init__

        try:
            yield
        except GrafanaException as error:
            status = error.status_code or None
            raise GrafanaError(self._explain(what, status, _said(error)), status=status) from None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise GrafanaError(
                f"what answers at {self.place} is not Grafana; correct grafana.url"
            ) from None
        except RequestException as error:
            raise GrafanaError(self._explain(what, None, str(error))) from None

    def read(self, what: str, ask: Any, *arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """Return what ``ask`` answers; None if Grafana has no such thing.

        Raises:
            GrafanaError: Anything else went wrong.
        """
        try:
            with self.doing(f"read {what}"):
                found = ask(*arguments)
                if not isinstance(found, dict | list):
                    raise TypeError(type(found))
                return found
        except GrafanaError as error:
            if error.status == 404:  # noqa: PLR2004 - not found
                return None
            raise

    def version(self) -> int:
        """Return the number of Grafana's major version; this also proves address and token.

        Raises:
            GrafanaError: It does not answer, or does not know the token.
        """
        with self.doing("say its version"):
            major = int(str(self.api.health.check()["version"]).partition(".")[0])
        with self.doing("list its folders"):  # the version is told to everybody
            self.api.folder.get_all_folders()
        return major

    def _explain(self, doing: str, status: int | None, said: str) -> str:
        reason = " ".join(said.replace(self._token or "\0", "***").split())[:_LONGEST_REASON]
        if status is None:
            return (
                f"Grafana at {self.place} does not answer ({reason}); start it, or correct "
                "grafana.url"
            )
        what, remedy = _PROBLEMS.get(status, _REFUSED)
        if status >= 500:  # noqa: PLR2004 - server errors
            what, remedy = _FAILS
        return f"Grafana at {self.place} {what.format(doing=doing)} ({status}: {reason}); {remedy}"


def _said(error: Any) -> str:  # noqa: ANN401 - untyped
    """Return Grafana's own words."""
    answer = error.response
    if isinstance(answer, dict):
        return str(answer.get("message") or answer)
    return str(answer or error.message)
