"""What a step costs on AWS: units, a dated price list that users can override, and estimates.

Figures are estimates with their basis, never a bill.
"""

import math
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from core.decoding import decode_json, decode_toml, read_bytes
from core.errors import InvalidInput
from core.text import plural, printable

_SHORT_SET_DOCUMENTS = 1_000
_LARGE_SET_DOCUMENTS = 50_000


class PriceList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prices of one day; the defaults are those of US regions."""

    as_of: str = "2026-09-20"
    """Day on which the prices were read, as YYYY-MM-DD."""
    currency: str = "USD"
    """Currency of all prices; every figure is shown in dollars, so no other is taken."""
    training_per_hour: float = 3.0
    """Training, per hour of the interval that describe reports; billed by the second."""
    model_per_month: float = 0.5
    """Keeping one custom model, per month."""
    scoring_per_unit: float = 0.0005
    """Scoring job, per unit."""
    unit_characters: int = 100
    """Characters of one unit."""
    minimum_units: int = 3
    """Least units of one document."""
    endpoint_per_unit_second: float = 0.0005
    """Endpoint, per inference unit and second while it exists, idle or not."""


_FIELDS = PriceList.__struct_fields__
_HIGHEST = 1e12
DEFAULT_PRICES = PriceList()
"""Price list used unless the user gives one."""


class Estimate(msgspec.Struct, frozen=True):
    """What something will cost, as a range with its basis."""

    low_usd: float
    """Least expected cost, in the currency of the price list."""
    high_usd: float
    """Most expected cost, in the currency of the price list."""
    basis: str
    """What was assumed, as a sentence."""
    unit_usd: float | None = None
    """Price of one hour or one unit that both ends are a multiple of; None for a sum."""

    @property
    def shown(self) -> str:
        """The range in figures, such as ``$1.50 to $3.00``."""
        if round(self.low_usd, 2) == round(self.high_usd, 2):
            return f"${self.high_usd:,.2f}"
        return f"${self.low_usd:,.2f} to ${self.high_usd:,.2f}"


def load_prices(path: Path | None) -> PriceList:
    """Read a price list; fields that it leaves out keep their default.

    Args:
        path: a JSON file, or a TOML file when its name ends in ``.toml``; None for the defaults.

    Raises:
        InvalidInput: the file is absent or malformed, names an unknown field, has a price below
            zero, a day that is none or another currency than USD.
    """
    if path is None:
        return DEFAULT_PRICES
    title, hint = "Cannot read the price list", f"its fields are {', '.join(_FIELDS)}"
    data = read_bytes(path, title=title, hint=hint, most_bytes=1 << 20)
    try:
        is_toml = path.suffix.lower() == ".toml"
        fields = decode_toml(data) if is_toml else decode_json(data, dict[str, Any])
        prices = msgspec.convert(_with_text_day(fields), PriceList)
        check_prices(prices)
    except (ValueError, OverflowError) as error:
        message = f"{printable(str(path))}: {printable(str(error), 160)}"
        raise InvalidInput(title, message, hint) from error
    return prices


def _with_text_day(fields: Any) -> Any:
    """TOML has days of its own; the price list keeps them as text."""
    if isinstance(fields, dict) and isinstance(fields.get("as_of"), date):
        return {**fields, "as_of": str(fields["as_of"])[:10]}
    return fields


def check_prices(prices: PriceList) -> None:
    """Refuse prices that no sum can be made of.

    Raises:
        ValueError: one is negative, beyond all reason or of no unit; another currency; no day.
    """
    for name in _FIELDS:
        value = getattr(prices, name)
        if isinstance(value, int | float) and not 0 <= value <= _HIGHEST:
            raise ValueError(f"{name} is {value}")
    if prices.unit_characters < 1:
        raise ValueError("unit_characters is below 1")
    if prices.currency != "USD":
        raise ValueError(f"currency is {prices.currency}; figures are in USD only")
    if date.fromisoformat(prices.as_of).isoformat() != prices.as_of:
        raise ValueError(f"as_of is {prices.as_of}, not YYYY-MM-DD")


def units(texts: Iterable[str], prices: PriceList = DEFAULT_PRICES) -> int:
    """Billed units of a scoring job: per document its characters by 100, rounded up, at least 3.

    Whether the minimum counts per document or per job is not published; per document is the
    dearer reading.
    """
    size, least = prices.unit_characters, prices.minimum_units
    return sum(max(least, -(-len(text) // size)) for text in texts)


def scoring_estimate(total_units: int, prices: PriceList = DEFAULT_PRICES) -> Estimate:
    """Cost of scoring jobs with `total_units` units in all."""
    usd = total_units * prices.scoring_per_unit
    basis = (
        f"{plural(total_units, 'unit')} of {prices.unit_characters} characters, at least"
        f" {prices.minimum_units} per document, at ${prices.scoring_per_unit:g} each"
        f" ({_dated(prices)})"
    )
    return Estimate(usd, usd, basis, prices.scoring_per_unit)


def training_estimate(
    n_documents: int, n_classifiers: int = 1, prices: PriceList = DEFAULT_PRICES
) -> Estimate:
    """Cost of training `n_classifiers` classifiers on `n_documents` documents each.

    Durations come from recorded trainings: 10 to 40 minutes for small sets, 33 to 60 minutes for
    5,000 to 35,000 documents, 28 minutes to 19.5 hours for a million.
    """
    if n_documents <= _SHORT_SET_DOCUMENTS:
        low_h, high_h = 10 / 60, 40 / 60
    else:
        low_h, high_h = 28 / 60, max(1.0, n_documents / _LARGE_SET_DOCUMENTS)
    basis = (
        f"{plural(n_classifiers, 'training')} on {plural(n_documents, 'document')}, each"
        f" {_duration(low_h)} to {_duration(high_h)} as seen for sets of this size, at"
        f" ${prices.training_per_hour:g} an hour ({_dated(prices)})"
    )
    per_hour = n_classifiers * prices.training_per_hour
    return Estimate(low_h * per_hour, high_h * per_hour, basis, prices.training_per_hour)


def keeping_estimate(n_models: int, prices: PriceList = DEFAULT_PRICES) -> Estimate:
    """Cost per month of keeping trained classifiers."""
    usd = n_models * prices.model_per_month
    basis = (
        f"{plural(n_models, 'model')} at ${prices.model_per_month:g} a month each"
        f" ({_dated(prices)})"
    )
    return Estimate(usd, usd, basis)


def endpoint_estimate(
    seconds: float, inference_units: int = 1, prices: PriceList = DEFAULT_PRICES
) -> Estimate:
    """Cost of an endpoint that exists for `seconds`, 60 at least, whether or not it is used."""
    billed_s = max(60, math.ceil(seconds))
    usd = billed_s * inference_units * prices.endpoint_per_unit_second
    per_hour = inference_units * prices.endpoint_per_unit_second * 3600
    basis = (
        f"{plural(inference_units, 'inference unit')} for {plural(billed_s, 'second')},"
        f" ${per_hour:.2f} an hour while it exists ({_dated(prices)})"
    )
    return Estimate(usd, usd, basis)


def total_estimate(estimates: Iterable[Estimate]) -> Estimate:
    """The sum of estimates, their bases joined."""
    parts = tuple(estimates)
    return Estimate(
        sum(part.low_usd for part in parts),
        sum(part.high_usd for part in parts),
        "; ".join(part.basis for part in parts),
    )


def repriced(estimate: Estimate, unit_usd: float, prices: PriceList) -> Estimate:
    """The same hours or units at the price `unit_usd` of one, which comes from `prices`.

    An estimate whose own unit price is unknown or zero stays as it is.
    """
    if not estimate.unit_usd or estimate.unit_usd == unit_usd:
        return estimate
    factor = unit_usd / estimate.unit_usd
    basis = f"{estimate.basis}; now at ${unit_usd:g} ({_dated(prices)})"
    return Estimate(estimate.low_usd * factor, estimate.high_usd * factor, basis, unit_usd)


def charged(estimate: Estimate, is_paid: bool) -> Estimate:
    """What the engine in use charges: offline nothing, with the cost on AWS in the basis."""
    if is_paid:
        return estimate
    return Estimate(
        0.0, 0.0, f"offline: nothing is charged; on AWS {estimate.shown}: {estimate.basis}"
    )


def billed_training_usd(
    started_at: str | None, ended_at: str | None, prices: PriceList = DEFAULT_PRICES
) -> float | None:
    """Cost of a finished training from its described start and end (ISO times).

    Returns:
        None while either time is unknown.
    """
    if started_at is None or ended_at is None:
        return None
    elapsed = datetime.fromisoformat(ended_at) - datetime.fromisoformat(started_at)
    return max(elapsed.total_seconds(), 0.0) / 3600 * prices.training_per_hour


def _duration(hours: float) -> str:
    return f"{hours * 60:.0f} min" if hours < 2 else f"{hours:.0f} h"


def _dated(prices: PriceList) -> str:
    return f"{printable(prices.currency, 8)}, prices of {printable(prices.as_of, 20)}"
