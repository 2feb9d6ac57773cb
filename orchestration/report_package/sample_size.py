"""Sizes of attribute samples and what an evaluated sample says about the population.

Formulas as in attribute sampling generally (binomial for large populations, hypergeometric for small ones,
Clopper-Pearson for the upper limit). They hold for simple random samples only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

Risk = Literal["low", "moderate", "high"]
SMALL_POPULATION = 1000
"""Up to this many items the finite population is used (hypergeometric)."""

FREQUENCY_SIZES: dict[str, tuple[int, int, int]] = {
    "annual": (1, 1, 1),
    "quarterly": (2, 2, 3),
    "monthly": (2, 3, 4),
    "weekly": (5, 8, 15),
    "daily": (20, 30, 40),
    "many times a day": (25, 40, 60),
}
"""Sizes by how often the control operates, for low, moderate and high risk; firms' presets differ."""


def binomial_size(confidence: float, tolerable_rate: float, allowed: int = 0) -> int:
    """Return the smallest n with P(at most ``allowed`` deviations | rate) <= 1 - confidence, for a large population."""
    _require_rates(confidence, tolerable_rate)
    size = allowed + 1
    while _binomial_cdf(allowed, size, tolerable_rate) > 1 - confidence:
        size += 1
    return size


def _binomial_cdf(at_most: int, size: int, rate: float) -> float:
    return math.fsum(math.comb(size, k) * rate**k * (1 - rate) ** (size - k) for k in range(at_most + 1))


def hypergeometric_size(population: int, confidence: float, tolerable_rate: float, allowed: int = 0) -> int:
    """Return the smallest n for a population of known size whose deviations are the rate, rounded up.

    The whole population, where no smaller sample supports the rate.
    """
    _require_rates(confidence, tolerable_rate)
    deviations = int((Decimal(population) * Decimal(str(tolerable_rate))).to_integral_value(ROUND_CEILING))
    for size in range(min(allowed + 1, population), population):
        if _hypergeometric_cdf(allowed, population, deviations, size) <= 1 - confidence:
            return size
    return population


def _hypergeometric_cdf(at_most: int, population: int, deviations: int, size: int) -> float:
    ways = sum(math.comb(deviations, k) * math.comb(population - deviations, size - k) for k in range(at_most + 1))
    return ways / math.comb(population, size)


def sample_size(population: int, confidence: float, tolerable_rate: float, allowed: int = 0) -> tuple[int, str]:
    """Return the size for a population and the name of the formula it comes from."""
    if population <= SMALL_POPULATION:
        return hypergeometric_size(population, confidence, tolerable_rate, allowed), "hypergeometric"
    return min(binomial_size(confidence, tolerable_rate, allowed), population), "binomial"


def upper_limit(size: int, deviations: int, confidence: float) -> float:
    """Return the one-sided Clopper-Pearson upper limit of the deviation rate."""
    from scipy.special import betaincinv

    if not 0 <= deviations <= size or size < 1:
        raise ValueError(f"{deviations} deviations in a sample of {size}")
    return 1.0 if deviations == size else float(betaincinv(deviations + 1, size - deviations, confidence))


_AT_LEAST = (("many times a day", 366), ("daily", 53), ("weekly", 13), ("monthly", 5), ("quarterly", 2), ("annual", 0))


def preset_frequency(frequency: str, items: int) -> str:
    """Return the row of the presets; a control that operates per occurrence is placed by its number of items."""
    if frequency in FREQUENCY_SIZES:
        return frequency
    return next(name for name, least in _AT_LEAST if items >= least)


def frequency_size(frequency: str, risk: Risk) -> int:
    """Return the preset size for a frequency; raises KeyError naming the known ones."""
    if frequency not in FREQUENCY_SIZES:
        raise KeyError(f"no preset for frequency {frequency!r}; known: {', '.join(FREQUENCY_SIZES)}")
    return FREQUENCY_SIZES[frequency][("low", "moderate", "high").index(risk)]


@dataclass(frozen=True)
class Evaluation:
    """What an evaluated simple random sample supports (rates as fractions)."""

    size: int
    deviations: int
    confidence: float
    tolerable_rate: float
    sample_rate: float
    upper_limit: float
    supports_tolerable_rate: bool


def evaluate(size: int, deviations: int, confidence: float, tolerable_rate: float) -> Evaluation:
    """Evaluate a sample which the auditor has tested; never meant for a population evaluated in full."""
    limit = upper_limit(size, deviations, confidence)
    return Evaluation(size, deviations, confidence, tolerable_rate, deviations / size, limit, limit <= tolerable_rate)


def _require_rates(confidence: float, tolerable_rate: float) -> None:
    if not 0 < confidence < 1 or not 0 < tolerable_rate < 1:
        raise ValueError(f"confidence {confidence} and tolerable rate {tolerable_rate} must lie between 0 and 1")
