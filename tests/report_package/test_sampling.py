from __future__ import annotations

import math
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.report_package import sampling, verify
from orchestration.report_package.sample_size import (
    binomial_size,
    evaluate,
    frequency_size,
    hypergeometric_size,
    preset_frequency,
    sample_size,
    upper_limit,
)

SEED = "31415926535897932384"
KEYS = [f"CHG-{n:04d}" for n in range(1, 101)]


def test_published_vector_of_the_draw() -> None:
    drawn = [key for _, key in sampling.lowest(reversed(KEYS), 5, SEED, "CM-01")]
    assert drawn == ["CHG-0033", "CHG-0100", "CHG-0045", "CHG-0054", "CHG-0001"]
    ticket = sampling.ticket(SEED, "CM-01", "CHG-0001")
    assert ticket.startswith("076189f7")
    assert ticket.endswith("a88a534")


def _population(keys: list[str]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(
        "create table items (item_key varchar, occurred_at timestamptz, occurred_on date, evidence_url varchar)"
    )
    con.executemany(
        "insert into items values (?, timestamptz '2026-01-01 00:00:00Z', date '2026-01-01' + ?::int, 'u')",
        [[k, n] for n, k in enumerate(keys)],
    )
    return con


def test_the_engine_draws_the_same() -> None:
    plan = sampling.Plan(sampling.SIMPLE_RANDOM, 0.9, 0.05, 0, 5, "")
    drawn = sampling.draw(_population(list(reversed(KEYS))), "items", plan, SEED, "CM-01")
    assert [(row["ticket"], row["item_key"]) for row in drawn] == sampling.lowest(KEYS, 5, SEED, "CM-01")
    assert [row["draw"] for row in drawn] == [1, 2, 3, 4, 5]


def test_a_stratified_draw_takes_the_lowest_of_each_month() -> None:
    plan = sampling.Plan(sampling.STRATIFIED, 0.9, 0.05, 0, 10, "")
    drawn = sampling.draw(_population(KEYS), "items", plan, SEED, "CM-01")
    months = [row["stratum"] for row in drawn]
    assert {month: months.count(month) for month in months} == {"2026-01": 3, "2026-02": 3, "2026-03": 3, "2026-04": 1}
    january = sampling.lowest(KEYS[:31], 3, SEED, "CM-01")
    assert [(r["ticket"], r["item_key"]) for r in drawn if r["stratum"] == "2026-01"] == january


def test_a_late_record_leaves_the_draw_nearly_intact() -> None:
    before = {key for _, key in sampling.lowest(KEYS, 20, SEED, "CM-01")}
    after = {key for _, key in sampling.lowest([*KEYS, "CHG-0101"], 20, SEED, "CM-01")}
    assert len(before - after) <= 1


@given(
    st.dictionaries(st.sampled_from([f"2026-{m:02d}" for m in range(1, 13)]), st.integers(0, 500), min_size=1),
    st.integers(1, 200),
)
def test_allocation(strata: dict[str, int], size: int) -> None:
    drawn = sampling.allocate(strata, size)
    filled = {name: count for name, count in strata.items() if count}
    assert set(drawn) == set(filled)
    assert all(1 <= drawn[name] <= filled[name] for name in drawn)
    assert sum(drawn.values()) == min(max(size, len(filled)), sum(filled.values()))
    assert drawn == verify.allocate(strata, size)


@pytest.mark.parametrize(
    ("confidence", "rate", "sizes"),
    [
        (0.90, 0.05, [45, 77, 105, 132]),
        (0.90, 0.10, [22, 38, 52, 65]),
        (0.95, 0.05, [59, 93, 124, 153]),
        (0.95, 0.10, [29, 46, 61, 76]),
    ],
)
def test_binomial_sizes(confidence: float, rate: float, sizes: list[int]) -> None:
    assert [binomial_size(confidence, rate, allowed) for allowed in range(4)] == sizes


@pytest.mark.parametrize(
    ("population", "rate", "at_90", "at_95"),
    [
        (50, 0.05, 27, 31),
        (100, 0.05, 37, 45),
        (250, 0.05, 40, 51),
        (1000, 0.05, 44, 57),
        (50, 0.10, 18, 22),
        (100, 0.10, 20, 25),
        (250, 0.10, 21, 27),
        (1000, 0.10, 22, 29),
    ],
)
def test_hypergeometric_sizes(population: int, rate: float, at_90: int, at_95: int) -> None:
    assert hypergeometric_size(population, 0.90, rate) == at_90
    assert hypergeometric_size(population, 0.95, rate) == at_95
    assert sample_size(population, 0.90, rate) == (at_90, "hypergeometric")


@settings(max_examples=25, deadline=None)
@given(st.integers(20, 400), st.floats(0.8, 0.99), st.floats(0.02, 0.2), st.integers(0, 2))
def test_sizes_agree_with_scipy(population: int, confidence: float, rate: float, allowed: int) -> None:
    from scipy.stats import beta, binom, hypergeom

    size = binomial_size(confidence, rate, allowed)
    assert binom.cdf(allowed, size, rate) <= 1 - confidence + 1e-12
    assert size == allowed + 1 or binom.cdf(allowed, size - 1, rate) > 1 - confidence - 1e-12
    size = hypergeometric_size(population, confidence, rate, allowed)
    deviations = math.ceil(Decimal(population) * Decimal(str(rate)))
    assert size == population or hypergeom.cdf(allowed, population, deviations, size) <= 1 - confidence + 1e-12
    assert upper_limit(population, allowed, confidence) == pytest.approx(
        beta.ppf(confidence, allowed + 1, population - allowed)
    )


def test_size_of_tiny_and_large_populations() -> None:
    assert sample_size(1, 0.9, 0.05) == (1, "hypergeometric")
    assert sample_size(1001, 0.9, 0.05) == (45, "binomial")
    with pytest.raises(ValueError, match="between 0 and 1"):
        binomial_size(1.0, 0.05)


@pytest.mark.parametrize(
    ("size", "deviations", "at_90", "at_95"),
    [(25, 0, 8.8, 11.3), (25, 1, 14.7, 17.6), (40, 0, 5.6, 7.2), (60, 0, 3.8, 4.9), (60, 1, 6.3, 7.7)],
)
def test_upper_limits(size: int, deviations: int, at_90: float, at_95: float) -> None:
    assert round(100 * upper_limit(size, deviations, 0.90), 1) == at_90
    assert round(100 * upper_limit(size, deviations, 0.95), 1) == at_95


def test_evaluate() -> None:
    supported, not_supported = evaluate(60, 0, 0.9, 0.05), evaluate(60, 1, 0.9, 0.05)
    assert supported.supports_tolerable_rate
    assert not not_supported.supports_tolerable_rate
    assert not_supported.sample_rate == pytest.approx(1 / 60)
    assert upper_limit(3, 3, 0.9) == 1.0
    with pytest.raises(ValueError, match="4 deviations"):
        upper_limit(3, 4, 0.9)


def test_presets_say_what_they_do_not_support() -> None:
    assert [frequency_size("many times a day", risk) for risk in ("low", "moderate", "high")] == [25, 40, 60]
    assert [preset_frequency("per occurrence", n) for n in (1, 4, 12, 52, 365, 400)] == [
        "annual", "quarterly", "monthly", "weekly", "daily", "many times a day",
    ]  # fmt: skip
    plan = sampling.plan(5000, "per occurrence", {"preset": "frequency", "risk": "low", "confidence": 0.9})
    assert plan.sample_size == 25
    assert "upper limit at 90% confidence is 8.8%, which does not support a tolerable rate of 5.0%" in plan.basis


def test_plans() -> None:
    assert sampling.plan(0, "monthly", {}).sample_size == 0
    assert "nonstatistical" in sampling.plan(500, "daily", {"method": "stratified_by_month"}).basis
    with pytest.raises(ValueError, match="sampling method"):
        sampling.plan(5, "daily", {"method": "haphazard"})
    for seed in ("1234", "3141592653589793238x", "٣" * 20):
        with pytest.raises(ValueError, match="at least 20 digits"):
            sampling.require_seed(seed)
