"""``hubbub grafana provision`` and ``hubbub grafana export``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.grafana_server import TOKEN, GrafanaServer, grafana_server

if TYPE_CHECKING:
    from tests.commands.conftest import Configure, Hubbub

__all__ = ["grafana_server"]  # a fixture

ROOT = Path(__file__).parents[2]
CONFIGURATION = """
[influx]
url = "http://influx.example:8086"

[grafana]
url = "{url}"
token = "{token}"
webhook = "https://example.org/hooks"
webhook_secret = "signing-secret-that-nobody-may-see"
"""


@pytest.fixture
def config(configure: Configure, grafana_server: GrafanaServer) -> Path:
    """Return a configuration for a Grafana."""
    return configure(CONFIGURATION.format(url=grafana_server.url, token=TOKEN))


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's own Grafana out."""
    for name in ("GRAFANA_URL", "GRAFANA_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_it_is_created_once_and_then_left_alone(hubbub: Hubbub, config: Path) -> None:
    """Each thing has its line, and a last line sums up."""
    first = hubbub("grafana", "provision", "--config", config)
    assert first.code == 0, first.err
    lines = first.out.splitlines()
    assert lines[0] == "created: folder hubbub"
    assert "created: dashboard hubbub-outage" in lines
    assert lines[-1] == "11 created, 0 updated, 0 deleted, 0 unchanged"
    again = hubbub("grafana", "provision", "--config", config)
    assert again.out == "0 created, 0 updated, 0 deleted, 11 unchanged\n"


def test_a_dry_run_shows_and_changes_nothing(
    hubbub: Hubbub, config: Path, grafana_server: GrafanaServer
) -> None:
    """What would be written is shown as a difference, without secrets."""
    shown = hubbub("grafana", "provision", "--dry-run", "--config", config)
    assert shown.code == 0
    assert grafana_server.written == []
    assert "would create: alert rules hubbub" in shown.out
    assert '  +  "title": "hubbub"' in shown.out
    assert shown.out.endswith("0 unchanged; nothing was changed\n")
    assert "nobody-may-see" not in shown.out
    hubbub("grafana", "provision", "--config", config)
    grafana_server.state.folders["hubbub"]["title"] = "Renamed"
    shown = hubbub("grafana", "provision", "--dry-run", "--config", config)
    assert '-  "title": "Renamed"' in shown.out
    assert shown.out.startswith("would update: folder hubbub\n")
    assert grafana_server.state.folders["hubbub"]["title"] == "Renamed"


def test_json_is_one_object_a_thing(hubbub: Hubbub, config: Path) -> None:
    """Programs read what was done, unchanged things included."""
    hubbub("grafana", "provision", "--config", config)
    found = hubbub("grafana", "provision", "--prune", "--json", "--config", config).document
    assert {step["action"] for step in found} == {"keep"}
    assert found[0] == {"action": "keep", "name": "folder hubbub", "diff": ""}


def test_secrets_are_resent_when_asked(
    hubbub: Hubbub, config: Path, grafana_server: GrafanaServer
) -> None:
    """Grafana does not tell whether they changed."""
    hubbub("grafana", "provision", "--config", config)
    again = hubbub("grafana", "provision", "--resend-secrets", "--config", config)
    assert again.out.endswith("0 created, 2 updated, 0 deleted, 9 unchanged\n")
    assert grafana_server.written[-1].endswith("/contact-points/hubbub-webhook")


def test_the_command_line_names_another_grafana(
    hubbub: Hubbub,
    configure: Configure,
    grafana_server: GrafanaServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An address as an option, the token from the environment."""
    config = configure(CONFIGURATION.format(url="http://127.0.0.1:9", token=TOKEN.upper()))
    monkeypatch.setenv("GRAFANA_TOKEN", TOKEN)
    ended = hubbub("grafana", "provision", "--url", grafana_server.url, "--config", config)
    assert ended.code == 0, ended.err
    ended = hubbub("grafana", "provision", "--url", "grafana", "--config", config)
    assert ended.code == 2
    assert ended.err == (
        "hubbub: --url: url: is no address; write for example https://example.org\n"
    )


def test_an_error_of_grafanas_is_one_sentence(hubbub: Hubbub, config: Path) -> None:
    """A failure at run time, with the remedy and without the token."""
    ended = hubbub("grafana", "provision", "--token", "nobody-may-see", "--config", config)
    assert ended.code == 1
    assert "does not know the token (401: Invalid API key); correct grafana.token" in ended.err
    assert "nobody-may-see" not in ended.err


@pytest.mark.parametrize(
    ("version", "said"),
    [("10.4.1", "is older than 11"), ("11.6.0", "cannot sign webhooks"), ("12.0.0", "")],
)
def test_what_an_old_grafana_cannot_do_is_said(
    hubbub: Hubbub, config: Path, grafana_server: GrafanaServer, version: str, said: str
) -> None:
    """Grafana 11 knows no signature; what is older was not thought of."""
    grafana_server.version = version
    ended = hubbub("grafana", "provision", "--config", config)
    assert ended.code == 0
    assert said in ended.out
    assert bool(said) == ("Grafana" in ended.out)


def test_without_the_extra_the_error_names_it(config: Path) -> None:
    """grafana-client is optional; files need nothing."""
    code = (
        "import sys; sys.modules['grafana_client'] = None\n"
        f"sys.argv = ['hubbub', 'grafana', 'provision', '--config', {str(config)!r}]\n"
        "import commands; commands.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert 'pip install "hubbub[grafana]"' in ended.stderr
    assert "Traceback" not in ended.stderr


def test_files_are_written_and_listed(hubbub: Hubbub, config: Path, tmp_path: Path) -> None:
    """By default they name their own folder and Grafana's environment."""
    folder = tmp_path / "grafana"
    ended = hubbub("grafana", "export", folder, "--config", config, "--json")
    assert ended.code == 0, ended.err
    assert ended.document == sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    )
    provider = (folder / "provisioning" / "dashboards" / "hubbub.yaml").read_text(encoding="utf-8")
    assert f"path: {folder}/dashboards" in provider


def test_the_options_of_an_export_reach_its_files(
    hubbub: Hubbub, config: Path, tmp_path: Path
) -> None:
    """Where Grafana finds the folder and the secrets, and the policy when asked."""
    ended = hubbub(
        "grafana", "export", tmp_path, "--mounted", "/etc/grafana/hubbub/", "--secrets",
        "/run/secrets/", "--policy", "--config", config,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert str(tmp_path / "dashboards" / "hubbub-outage.json") in ended.out.splitlines()
    written = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.yaml"))
    assert "path: /etc/grafana/hubbub/dashboards" in written
    assert "$__file{/run/secrets/webhook_secret}" in written
    assert "policies:" in written


def test_a_folder_that_cannot_be_written_is_named(
    hubbub: Hubbub, config: Path, tmp_path: Path
) -> None:
    """A mistake in the command line."""
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    ended = hubbub("grafana", "export", blocked, "--config", config)
    assert ended.code == 2
    assert "cannot write" in ended.complaint
