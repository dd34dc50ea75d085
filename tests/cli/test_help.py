"""Every command is documented, helped and gives its result as JSON."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli.main import COMMANDS, cli

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(name: str) -> None:
    shown = CliRunner().invoke(cli, [name, "--help"])
    assert shown.exit_code == 0
    assert "Examples:" in shown.output
    assert f"comprehend-tuner {name}" in shown.output
    assert "--json" in shown.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert re.search(rf"`{name}[` ]", README.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["status", "cost", "info", "jobs", "metrics", "split --dry-run"])
def test_results_are_json_for_machines(
    name: str, tickets_session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tickets_session.parents[1])
    before = name.removesuffix(" --dry-run")
    flags = ["--dry-run"] if name != before else []
    shown = CliRunner().invoke(cli, ["--json", *flags, before], catch_exceptions=False)
    assert json.loads(shown.stdout)
