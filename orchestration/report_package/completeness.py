"""Why a package is INCOMPLETE: what could not be reconciled, collected, checked or built, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from orchestration.report_package.ledger import LedgerEntry
    from orchestration.report_package.warehouse import Mart, Warehouse

LONGEST = 300
"""Characters of a reason; what is cut off stands in data_checks.csv, coverage.csv and collections.csv."""

_RESTATED = {
    "permitted": "cause",
    "no_gap": "cause",
    "intervals_present": "coverage",
    "reconciled": "reconciliation",
    "reconciliations_present": "reconciliation",
    "population_present": "population",
}
"""Data check → the kind of reason that already says what its failure would say."""


class CheckResult(Protocol):
    """One data check as plain facts; ``expectations.runner.CheckResult`` is one."""

    @property
    def check_id(self) -> str:
        """Identifier, stable from run to run."""

    @property
    def control_id(self) -> str:
        """Control, or empty for a check of a source."""

    @property
    def population_id(self) -> str:
        """Population or source."""

    @property
    def kind(self) -> str:
        """What is checked, e.g. completeness or coverage."""

    @property
    def expectation(self) -> str:
        """The expectation in words."""

    @property
    def expected(self) -> str:
        """What was asked for."""

    @property
    def observed(self) -> str:
        """What was found."""

    @property
    def passed(self) -> str:
        """``true``, ``false``, ``note`` (said on the face, no more), or ``error`` where it could not run."""


def unexplained(row: dict[str, Any]) -> bool:
    """Return whether a reconciliation neither agrees nor is explained and approved."""
    difference, explained = row["difference"], row["explained"]
    if difference is None or row["result"] not in {"agrees", "explained"}:
        return True
    if difference == 0:
        return False
    enough = explained is True or (explained not in {None, False} and abs(explained) >= abs(difference))
    return not (enough and row["approved_by"])


def uncollected(row: dict[str, Any]) -> bool:
    """Return whether no successful collection covers an interval."""
    return not row["collected"] or row["status"] in {"not_collected", "gap"}


def reasons(
    warehouse: Warehouse,
    populations: Sequence[Mart],
    checks: Iterable[CheckResult],
    items: dict[str, int],
    entries: Sequence[LedgerEntry] = (),
) -> list[str]:
    """Return every reason once: causes first, then what follows from them.

    Args:
        warehouse: the reporting tables.
        populations: the populations found.
        checks: results of the data checks; no result at all is a reason, too.
        items: population → number of lines written.
        entries: the ledger as the warehouse holds it.

    Returns:
        What was not collected by source, gaps in coverage by control, reconciliations, populations, other checks; each
        of at most :data:`LONGEST` characters.
    """
    uncovered = dict(_coverage(warehouse))
    found = {
        "cause": list(_causes(warehouse, entries)),
        "coverage": list(uncovered.items()),
        "reconciliation": list(_reconciliations(warehouse)),
        "population": list(_populations(warehouse, populations, items, uncovered)),
    }
    said = {(kind, about) for kind, pairs in found.items() for about, _ in pairs}
    texts = [f"{about}: {text}" for pairs in found.values() for about, text in pairs]
    return list(dict.fromkeys(_clipped(text) for text in [*texts, *_checks(list(checks), said)]))


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip(" ;,") + "…"


def _listed(names: Iterable[str], most: int = 6) -> str:
    ordered = sorted(set(names))
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + more


# --- causes --------------------------------------------------------------------------------------------------------


def _causes(warehouse: Warehouse, entries: Sequence[LedgerEntry]) -> Iterator[tuple[str, str]]:
    """Yield (instance, what of it was not collected, why and since when)."""
    if not warehouse.has("chk_collection_gaps"):
        return
    history = _attempts(entries)
    by_instance: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in warehouse.reporting("chk_collection_gaps"):
        if row["is_within_retention"] is not False and not row["not_permitted"]:
            continue
        denied, failed = history.get((row["instance"], row["resource"]), ([], []))
        what = "not permitted" if row["not_permitted"] or denied else "collection failed" if failed else "not collected"
        since = f"{row['gap_from']:%Y-%m-%d}" if row["gap_from"] else min([*denied, *failed], default="")[:10]
        by_instance[row["instance"]][what, since].append(row["resource"])
    for instance, groups in sorted(by_instance.items()):
        yield (
            instance,
            "; ".join(
                f"{what}{f' since {since}' if since else ''}: {_listed(resources)}"
                for (what, since), resources in sorted(groups.items(), key=lambda group: (group[0][1], group[0][0]))
            ),
        )


def _attempts(entries: Sequence[LedgerEntry]) -> Mapping[tuple[str, str], tuple[list[str], list[str]]]:
    """Return (instance, resource) → ends of the windows that were refused, and of those that failed otherwise."""
    found: dict[tuple[str, str], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for entry in entries:
        facts = entry.facts
        denied = (facts.get("permission") or {}).get("result") == "denied"
        if denied or facts.get("kind") == "failed":
            ends = found[str(facts.get("instance")), str(facts.get("resource"))]
            ends[0 if denied else 1].append(str(facts.get("window_end") or facts.get("collected_at") or ""))
    return found


# --- what follows from them ----------------------------------------------------------------------------------------


def _coverage(warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    missing: dict[str, list[dict[str, Any]]] = {}
    total: dict[str, int] = {}
    for row in warehouse.reporting("rpt_coverage"):
        total[row["control_id"]] = total.get(row["control_id"], 0) + 1
        if uncollected(row):
            missing.setdefault(row["control_id"], []).append(row)
    for control, rows in missing.items():
        causes = sorted({cause for row in rows for cause in str(row["gap_cause"] or "").split("; ") if cause})
        more = f"; {len(causes) - 2} more, see coverage.csv" if len(causes) > 2 else ""
        shown = f" ({'; '.join(causes[:2])}{more})" if causes else ""
        yield control, f"{len(rows)} of {total[control]} intervals not collected{shown}"


def _reconciliations(warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    controls = set()
    for row in warehouse.reporting("rpt_reconciliations"):
        controls.add(row["control_id"])
        if unexplained(row):
            size = "could not be computed" if row["difference"] is None else f"differs by {row['difference']}"
            sides = f"{row['left_source']} against {row['right_source']}"
            yield row["control_id"], f"{row['reconciliation']}: {sides} {size}"
    for row in warehouse.reporting("rpt_control_matrix"):
        if row["control_id"] not in controls:
            yield row["control_id"], "the population is reconciled to no other source"


def _populations(
    warehouse: Warehouse, populations: Sequence[Mart], items: dict[str, int], uncovered: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    tested = {mart.control_id for mart in populations}
    for row in warehouse.reporting("rpt_control_matrix"):
        if row["control_id"] not in tested:
            yield row["control_id"], "no population was built"
    stated = {row["population_id"]: row for row in warehouse.reporting("rpt_populations")}
    for mart in populations:
        summary = stated.get(mart.name)
        if summary is None:
            yield mart.control_id, f"population {mart.name} is missing from the summary of populations"
        elif summary["items"] != items[mart.name]:
            yield mart.control_id, f"{items[mart.name]} items written, the summary says {summary['items']}"
        elif summary["status"] == "NOT_TESTABLE":
            why = "it is empty" if mart.control_id in uncovered else "no successful collection stands behind it"
            yield mart.control_id, f"the population is not testable: {why}"


def _checks(checks: list[CheckResult], said: set[tuple[str, str]]) -> Iterator[str]:
    """Yield what no reason before has said."""
    if not checks:
        yield "no data check was run"
    for check in checks:
        where = check.control_id or check.population_id
        name = check.check_id.rpartition(".")[2]
        if check.passed == "false" and (_RESTATED.get(name, ""), where) not in said:
            yield f"{where}: check {check.check_id} failed: {check.expectation} (found: {check.observed})"
        elif check.passed not in {"true", "false", "note"}:
            yield f"{where}: check {check.check_id} could not run: {check.expectation} ({check.observed})"
