"""``cost`` as a user calls it: the table, the budget, the prices."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.cli.main import cli
from core.comprehend.pricing import DEFAULT_PRICES
from core.workflow.session import Session
from tests.cli.running import run


@pytest.fixture
def here(tickets_session: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tickets_session.parents[1])
    return Session(tickets_session)


def _text(*arguments: str) -> str:
    done = CliRunner().invoke(cli, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def _json(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_text("--json", *arguments))
    return found


def test_the_table_has_a_line_per_run_classifier_and_part(here: Session) -> None:
    lines = _text("cost").splitlines()
    assert lines[0].split() == "run what estimate $ from times $ counted $".split()
    starts = [line.split("  ")[:2] for line in lines[2:6]]
    assert starts == [
        ["base", "c1 training"],
        ["base", "c1 scoring calibration"],
        ["base", "c1 scoring test"],
        ["base", "c1 kept"],
    ]
    assert "0.50 to 2.00" in lines[2]
    assert all(len(line) <= 80 for line in lines[:6])


def test_offline_it_says_what_amazon_would_charge(here: Session) -> None:
    shown = _text("cost")
    assert "charged: $0.00 (offline); on AWS about $" in shown
    assert "prices as of 2026-09-20, US regions" in shown
    assert "on AWS keeping 1 classifier: $0.50 a month" in shown
    assert "budget: none" in shown
    assert "base/c1/kept: since " in shown


def test_totals_are_the_sums_of_the_rows(here: Session) -> None:
    found = _json("cost")
    for end in ("low_usd", "high_usd"):
        assert found[end] == pytest.approx(sum(row[end] for row in found["rows"]))
        assert found[end] > 0.5
    assert found["is_paid"] is False


def test_a_budget_is_set_and_lifted(here: Session) -> None:
    assert _json("cost", "--budget", "50")["budget_usd"] == 50.0
    assert here.state().budget_usd == 50.0
    assert "budget: $50.00, none of it used: offline" in _text("cost")
    assert _json("cost", "--budget", "none")["budget_usd"] is None
    assert here.state().budget_usd is None


def test_prices_are_set_and_reset(here: Session, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("as_of = 2027-01-01\ntraining_per_hour = 6\n")
    before = _json("cost")
    after = _json("cost", "--prices", str(path))
    assert after["prices"]["as_of"] == "2027-01-01"
    assert after["rows"][0]["high_usd"] == pytest.approx(2 * before["rows"][0]["high_usd"])
    assert "prices as of 2027-01-01, your own list" in _text("cost")
    assert _json("cost", "--prices", "default")["rows"][:3] == before["rows"][:3]
    assert here.state().prices == DEFAULT_PRICES


def test_a_dry_run_changes_nothing(here: Session, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"training_per_hour": 6}')
    before = here.state_path.read_bytes()
    _text("--dry-run", "cost", "--budget", "5", "--prices", str(path))
    assert here.state_path.read_bytes() == before


@pytest.mark.parametrize("budget", ["-1", "much"])
def test_a_bad_budget_is_one_line_and_changes_nothing(tickets_session: Path, budget: str) -> None:
    done = run("cost", f"--budget={budget}", folder=tickets_session.parents[1])
    assert done.returncode == 2
    assert done.stderr.startswith("comprehend-tuner: Unreadable budget") and not done.stdout
    assert Session(tickets_session).state().budget_usd is None


def test_a_bad_price_list_keeps_the_budget_as_it_was(tickets_session: Path) -> None:
    done = run(
        "cost", "--budget", "5", "--prices", "absent.toml", folder=tickets_session.parents[1]
    )
    assert done.returncode == 2
    assert done.stderr.startswith("comprehend-tuner: Cannot read the price list")
    assert Session(tickets_session).state().budget_usd is None


def test_plans_show_their_price_by_classifier_and_part(here: Session) -> None:
    shown = _text("--dry-run", "score", "--parts", "train,test")
    (row,) = [line for line in shown.splitlines() if line.startswith("c1 train ")]
    units = here.state().splits[0].scoring["train"].units
    assert f"{units:,}" in row and f"{units * 0.0005:.2f}" in row
    assert "price: $0.00 offline; on AWS about $" in shown
    training = _text("--dry-run", "train", "--run", "more")
    assert "c1 training" in training and "2.00" in training
    assert "keeping: 1 model at $0.5 a month" in training
    assert "nothing is left to pay" in _text("--dry-run", "train", "--run", "base")
