"""Why a package is INCOMPLETE: what could not be reconciled, collected, checked or built, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from orchestration.report_package.warehouse import Mart, Warehouse


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
        """``true``, ``false``, or ``error`` where the check itself could not run."""


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
) -> list[str]:
    """Return every reason, the most concrete first.

    Args:
        warehouse: the reporting tables.
        populations: the populations found.
        checks: results of the data checks; no result at all is a reason, too.
        items: population → number of lines written.
    """
    found = [
        *_reconciliations(warehouse),
        *_coverage(warehouse),
        *_populations(warehouse, populations, items),
        *_checks(list(checks)),
    ]
    return list(dict.fromkeys(found))


def _reconciliations(warehouse: Warehouse) -> Iterator[str]:
    controls = set()
    for row in warehouse.reporting("rpt_reconciliations"):
        controls.add(row["control_id"])
        if unexplained(row):
            size = "could not be computed" if row["difference"] is None else f"differs by {row['difference']}"
            sides = f"{row['left_source']} against {row['right_source']}"
            yield f"{row['control_id']}: {row['reconciliation']}: {sides} {size}"
    for row in warehouse.reporting("rpt_control_matrix"):
        if row["control_id"] not in controls:
            yield f"{row['control_id']}: the population is reconciled to no other source"


def _coverage(warehouse: Warehouse) -> Iterator[str]:
    missing: dict[str, list[dict[str, Any]]] = {}
    total: dict[str, int] = {}
    for row in warehouse.reporting("rpt_coverage"):
        total[row["control_id"]] = total.get(row["control_id"], 0) + 1
        if uncollected(row):
            missing.setdefault(row["control_id"], []).append(row)
    for control, rows in missing.items():
        causes = sorted({str(row["gap_cause"]) for row in rows if row["gap_cause"]})
        cause = f" ({'; '.join(causes[:3])})" if causes else ""
        yield f"{control}: {len(rows)} of {total[control]} intervals not collected{cause}"


def _populations(warehouse: Warehouse, populations: Sequence[Mart], items: dict[str, int]) -> Iterator[str]:
    tested = {mart.control_id for mart in populations}
    for row in warehouse.reporting("rpt_control_matrix"):
        if row["control_id"] not in tested:
            yield f"{row['control_id']}: no population was built"
    stated = {row["population_id"]: row for row in warehouse.reporting("rpt_populations")}
    for mart in populations:
        summary = stated.get(mart.name)
        if summary is None:
            yield f"{mart.control_id}: population {mart.name} is missing from the summary of populations"
        elif summary["items"] != items[mart.name]:
            yield f"{mart.control_id}: {items[mart.name]} items written, the summary says {summary['items']}"
        elif summary["status"] == "NOT_TESTABLE":
            yield f"{mart.control_id}: the population is not testable: no successful collection stands behind it"


def _checks(checks: list[CheckResult]) -> Iterator[str]:
    if not checks:
        yield "no data check was run"
    for check in checks:
        where = check.control_id or check.population_id
        if check.passed == "false":
            yield f"{where}: check {check.check_id} failed: {check.expectation} (found: {check.observed})"
        elif check.passed != "true":
            yield f"{where}: check {check.check_id} could not run: {check.expectation} ({check.observed})"
