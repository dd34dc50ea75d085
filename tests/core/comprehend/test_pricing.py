"""Costs follow the unit rule and the price list in use."""

from pathlib import Path

import pytest

from core.comprehend.pricing import (
    DEFAULT_PRICES,
    PriceList,
    billed_training_usd,
    charged,
    endpoint_estimate,
    keeping_estimate,
    load_prices,
    repriced,
    scoring_estimate,
    total_estimate,
    training_estimate,
    units,
)
from core.errors import InvalidInput


@pytest.mark.parametrize(
    ("characters", "expected"),
    [(0, 3), (1, 3), (299, 3), (300, 3), (301, 4), (400, 4), (401, 5), (550, 6)],
)
def test_f1_units_are_rounded_up_per_document_with_a_floor(characters: int, expected: int) -> None:
    assert units(["x" * characters]) == expected


def test_f1_many_documents_are_not_their_characters_by_a_hundred() -> None:
    assert units(["x" * 10] * 100) == 300
    assert units("x" * length for length in (10, 301, 1000)) == 3 + 4 + 10
    assert units(["é" * 301]) == 4


def test_scoring_estimate_of_the_worked_example() -> None:
    estimate = scoring_estimate(units(["x" * 550] * 10_000))
    assert estimate.low_usd == estimate.high_usd == pytest.approx(30.0)
    assert estimate.shown == "$30.00"
    assert "60,000 units" in estimate.basis and "2026-09-20" in estimate.basis


def test_training_estimates_are_ranges_that_hold_the_recorded_trainings() -> None:
    for documents, minutes in [(500, 12), (5_573, 33), (34_450, 34), (1_000_000, 19 * 60 + 28)]:
        estimate = training_estimate(documents)
        assert estimate.low_usd <= minutes / 60 * 3 <= estimate.high_usd
    three = training_estimate(5_573, n_classifiers=3)
    assert three.high_usd == pytest.approx(3 * training_estimate(5_573).high_usd)
    assert "3 trainings" in three.basis


def test_f3_an_endpoint_costs_while_it_exists() -> None:
    assert endpoint_estimate(3600).high_usd == pytest.approx(1.80)
    assert endpoint_estimate(1).high_usd == pytest.approx(0.03)
    assert endpoint_estimate(3600 * 730, inference_units=2).high_usd == pytest.approx(2628.0)


def test_offline_charges_nothing_and_says_what_aws_would_cost() -> None:
    estimate = keeping_estimate(4)
    assert charged(estimate, is_paid=True) is estimate
    offline = charged(estimate, is_paid=False)
    assert offline.low_usd == offline.high_usd == 0.0
    assert "$2.00" in offline.basis and "offline" in offline.basis


def test_totals_add_both_ends_of_the_range() -> None:
    parts = [training_estimate(500), keeping_estimate(1)]
    total = total_estimate(parts)
    assert total.low_usd == pytest.approx(parts[0].low_usd + 0.5)
    assert total.high_usd == pytest.approx(parts[0].high_usd + 0.5)
    assert total.shown == "$1.00 to $2.50"


def test_billed_training_is_the_described_interval() -> None:
    start, end = "2023-06-13T19:08:20.114000+00:00", "2023-06-13T19:41:35.080000+00:00"
    assert billed_training_usd(start, end) == pytest.approx(1.66, abs=0.005)
    assert billed_training_usd(start, None) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("prices.json", '{"as_of": "2027-01-01", "training_per_hour": 4}'),
        ("prices.toml", 'as_of = "2027-01-01"\ntraining_per_hour = 4\n'),
        ("dated.toml", "as_of = 2027-01-01\ntraining_per_hour = 4\n"),
        ("timed.toml", "as_of = 2027-01-01T10:00:00Z\ntraining_per_hour = 4\n"),
    ],
)
def test_prices_can_be_overridden_in_part(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    prices = load_prices(path)
    assert prices == PriceList(as_of="2027-01-01", training_per_hour=4.0)
    assert training_estimate(500, 1, prices).high_usd == pytest.approx(4 * 40 / 60)
    assert load_prices(None) is DEFAULT_PRICES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"training": 4}',
        '{"training_per_hour": -1}',
        '{"unit_characters": 0}',
        '{"training_per_hour": "4"}',
        '{"currency": "EUR"}',
        '{"as_of": "yesterday"}',
        '{"as_of": "20270101"}',
        '{"as_of": ""}',
        '{"minimum_units": 2.5}',
        "\xff{}",
    ],
)
def test_malformed_price_lists_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match="Cannot read the price list"):
        load_prices(path)
    with pytest.raises(InvalidInput):
        load_prices(tmp_path / "absent.json")


def test_an_estimate_is_repriced_by_its_own_units() -> None:
    new = PriceList(as_of="2027-01-01", training_per_hour=4.5, scoring_per_unit=0.001)
    training = repriced(training_estimate(500), new.training_per_hour, new)
    assert (training.low_usd, training.high_usd) == pytest.approx((0.75, 3.0))
    assert "2026-09-20" in training.basis and "now at $4.5" in training.basis
    scoring = repriced(scoring_estimate(1000), new.scoring_per_unit, new)
    assert scoring.high_usd == pytest.approx(1.0) and "2027-01-01" in scoring.basis
    assert repriced(scoring, new.scoring_per_unit, new) is scoring


def test_an_estimate_of_unknown_unit_price_stays() -> None:
    total = total_estimate([training_estimate(500), keeping_estimate(1)])
    assert repriced(total, 9.0, DEFAULT_PRICES) is total
    free = scoring_estimate(1000, PriceList(scoring_per_unit=0.0))
    assert repriced(free, 0.0005, DEFAULT_PRICES) is free
