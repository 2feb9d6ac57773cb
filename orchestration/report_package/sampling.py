"""Drawing samples that anybody can draw again: the n lowest tickets of a frozen population.

``ticket = SHA-256(seed || 0x1F || frame_id || 0x1F || item_key)`` (consistent sampling): a late record leaves the
draw nearly intact and an extension takes the next tickets. A stratified sample (by month) is nonstatistical.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from orchestration.report_package.csv_export import literal
from orchestration.report_package.sample_size import frequency_size, preset_frequency, sample_size, upper_limit

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SIMPLE_RANDOM = "simple_random"
STRATIFIED = "stratified_by_month"
SEPARATOR = "\x1f"


def ticket(seed: str, frame_id: str, item_key: str) -> str:
    """Return the ticket of an item, lower-case hexadecimal."""
    return sha256(SEPARATOR.join((seed, frame_id, item_key)).encode()).hexdigest()


def lowest(keys: Iterable[str], size: int, seed: str, frame_id: str) -> list[tuple[str, str]]:
    """Return the ``size`` lowest (ticket, item key), ties by key."""
    return heapq.nsmallest(size, ((ticket(seed, frame_id, key), key) for key in keys))


def require_seed(seed: str) -> str:
    """Return the seed; raises ValueError unless it has at least 20 digits and nothing else."""
    if len(seed) < 20 or not (seed.isascii() and seed.isdigit()):
        raise ValueError("a seed is at least 20 digits, e.g. thrown with dice")
    return seed


def allocate(strata: Mapping[str, int], size: int) -> dict[str, int]:
    """Share a sample among strata by largest remainder, at least one per non-empty stratum.

    Args:
        strata: stratum → number of its items.
        size: items wanted; more are drawn where there are more non-empty strata.

    Returns:
        stratum → items to draw; never more than it has. Ties go to the earlier stratum.
    """
    sizes = {name: count for name, count in sorted(strata.items()) if count > 0}
    total = sum(sizes.values())
    wanted = min(max(size, len(sizes)), total)
    shares = {name: Fraction(wanted * count, total) for name, count in sizes.items()}
    drawn = {name: min(max(1, int(share)), sizes[name]) for name, share in shares.items()}
    while sum(drawn.values()) < wanted:
        open_strata = [name for name in sizes if drawn[name] < sizes[name]]
        drawn[min(open_strata, key=lambda name: (drawn[name] - shares[name], name))] += 1
    while sum(drawn.values()) > wanted:
        reducible = [name for name in sizes if drawn[name] > 1]
        drawn[max(reducible, key=lambda name: (drawn[name] - shares[name], name))] -= 1
    return drawn


@dataclass(frozen=True)
class Plan:
    """How many items of a population are drawn, and why."""

    method: str
    confidence: float
    tolerable_rate: float
    expected_deviations: int
    sample_size: int
    basis: str


def plan(items: int, frequency: str, settings: Mapping[str, Any]) -> Plan:
    """Return the plan of one population.

    Args:
        items: size of the population.
        frequency: frequency of the control, for the preset.
        settings: ``confidence``, ``tolerable_rate``, ``expected_deviations``, ``method`` (simple_random or
            stratified_by_month), ``preset`` (``frequency`` uses the table of presets with ``risk``).
    """
    confidence = float(settings.get("confidence", 0.90))
    rate = float(settings.get("tolerable_rate", 0.05))
    allowed = int(settings.get("expected_deviations", 0))
    method = str(settings.get("method", SIMPLE_RANDOM))
    if method not in {SIMPLE_RANDOM, STRATIFIED}:
        raise ValueError(f"sampling method {method!r}; known: {SIMPLE_RANDOM}, {STRATIFIED}")
    if settings.get("preset") == "frequency":
        row, risk = preset_frequency(frequency, items), settings.get("risk", "moderate")
        size = min(frequency_size(row, risk), items)
        basis = f"preset for frequency {row}, {risk} risk{_supports(size, confidence, rate)}"
    else:
        size, formula = sample_size(items, confidence, rate, allowed) if items else (0, "empty population")
        basis = (
            f"{formula}: {allowed or 'no'} deviation{'s' if allowed > 1 else ''} allowed at {confidence:.0%} confidence"
        )
        basis += f" and a tolerable rate of {rate:.1%}"
    if method == STRATIFIED:
        basis += "; nonstatistical, since stratified: the formula does not apply to it"
    return Plan(method, confidence, rate, allowed, size, basis)


def _supports(size: int, confidence: float, rate: float) -> str:
    if size == 0:
        return ""
    limit = upper_limit(size, 0, confidence)
    verdict = "supports" if limit <= rate else "does not support"
    return (
        f": with 0 deviations the upper limit at {confidence:.0%} confidence is {limit:.1%},"
        f" which {verdict} a tolerable rate of {rate:.1%}"
    )


def draw(con: DuckDBPyConnection, table: str, design: Plan, seed: str, frame_id: str) -> list[dict[str, Any]]:
    """Draw from a population in the engine.

    Args:
        con: connection of the engine.
        table: the population, qualified; columns item_key, occurred_at, occurred_on, evidence_url.
        design: method and size.
        seed: digits.
        frame_id: frame of the tickets.

    Returns:
        Items in the order of their tickets: ticket, draw (from 1), stratum, item_key, occurred_at, evidence_url.
    """
    month = "strftime(occurred_on, '%Y-%m')" if design.method == STRATIFIED else "''"
    prefix = literal(f"{seed}{SEPARATOR}{frame_id}{SEPARATOR}")
    if design.method == STRATIFIED:
        counts = con.execute(f"select coalesce({month}, ''), count(*) from {table} group by all").fetchall()  # noqa: S608
        wanted = allocate({str(name): int(count) for name, count in counts}, design.sample_size)
    else:
        wanted = {"": design.sample_size}
    drawn: list[tuple[Any, ...]] = []
    for stratum, size in wanted.items():
        drawn += con.execute(
            f"select sha256({prefix} || item_key) as ticket, item_key, coalesce({month}, '') from {table}"  # noqa: S608
            f" where item_key is not null and coalesce({month}, '') = ? order by ticket, item_key limit ?",
            [stratum, size],
        ).fetchall()
    return _with_facts(con, table, sorted(drawn))


def _with_facts(con: DuckDBPyConnection, table: str, drawn: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Add what the sample file shows of each item."""
    if not drawn:
        return []
    keys = ", ".join(literal(str(key)) for _, key, _ in drawn)
    facts = con.execute(
        f"select item_key, occurred_at, evidence_url from {table} where item_key in ({keys})"  # noqa: S608
    ).fetchall()
    by_key = {str(row[0]): row for row in facts}
    return [
        {
            "ticket": number,
            "draw": position,
            "stratum": stratum,
            "item_key": key,
            "occurred_at": by_key[key][1],
            "evidence_url": by_key[key][2],
        }
        for position, (number, key, stratum) in enumerate(drawn, start=1)
    ]
