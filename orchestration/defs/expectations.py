"""The data checks: Great Expectations runs once; its results are shown on the assets and kept for the package."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import dagster as dg

from expectations.suites import Suite, suites
from orchestration import progress
from orchestration.catalogue import controls
from orchestration.defs import COMPLIANCE
from orchestration.workspace import find

workspace = find()
engagement = workspace.engagement()
_controls = controls(workspace.project)
_suites = suites(
    [(control.control_id, control.population_id, control.frame_id) for control in _controls],
    [item.instance for item in engagement.sources],
)
_marts = {control.population_id: dg.AssetKey(["marts", control.population_id]) for control in _controls}
_SUMMARIES = [
    "chk_collection_gaps",
    "chk_lineage",
    "chk_populations",
    "chk_restatements",
    "chk_sequences",
    "rpt_coverage",
    "rpt_reconciliations",
]
DATA_CHECKS = dg.AssetKey("data_checks")


@dg.asset(
    key=DATA_CHECKS,
    deps=[dg.AssetKey(["reporting", name]) for name in _SUMMARIES],
    group_name="reporting",
    kinds={"greatexpectations"},
    owners=COMPLIANCE,
    pool="duckdb_writer",
    description="Is every item there, is every day of the period covered? In words, for the package.",
)
def data_checks() -> dg.MaterializeResult[None]:
    """Validate the summary tables; keep the results beside the warehouse."""
    from expectations.runner import run

    progress.say("data checks")
    results = run(_suites, workspace.warehouse)
    workspace.checks.write_text(
        json.dumps([result.as_dict() for result in results], indent=1, ensure_ascii=False), encoding="utf-8"
    )
    failed = [result for result in results if result.passed not in {"true", "note"}]
    return dg.MaterializeResult(
        metadata={
            "checks": len(results),
            "failed": len(failed),
            "what_failed": dg.MetadataValue.md(
                "\n".join(f"- {r.expectation}: {r.observed}" for r in failed) or "nothing"
            ),
        }
    )


def _name(suite: Suite, assertion: str) -> str:
    """Unique on its asset: a population has its own, the sources share one."""
    return re.sub(r"\W", "_", assertion if suite.population_id else f"{suite.value}__{assertion}")


def _asset(suite: Suite) -> dg.AssetKey:
    return _marts.get(suite.population_id, DATA_CHECKS)


@dg.multi_asset_check(
    name="publish_data_checks",
    specs=[
        dg.AssetCheckSpec(
            _name(suite, a.name),
            asset=_asset(suite),
            description=re.sub(r"\{\w+\}", "…", a.words),
            additional_deps=[DATA_CHECKS] if _asset(suite) != DATA_CHECKS else [],
        )
        for suite in _suites
        for a in suite.assertions
    ],
)
def publish_data_checks() -> Iterator[dg.AssetCheckResult]:
    """One check per assertion, on the population (or on the data checks, for a source)."""
    results = {entry["check_id"]: entry for entry in json.loads(workspace.checks.read_text(encoding="utf-8"))}
    for suite in _suites:
        for assertion in suite.assertions:
            entry = results[f"{suite.name}.{assertion.name}"]
            yield dg.AssetCheckResult(
                asset_key=_asset(suite),
                check_name=_name(suite, assertion.name),
                passed=entry["passed"] == "true",
                severity=dg.AssetCheckSeverity.WARN if entry["passed"] == "note" else dg.AssetCheckSeverity.ERROR,
                description=entry["expectation"],
                metadata={"observed": entry["observed"], "expected": entry["expected"]},
            )


defs = dg.Definitions(assets=[data_checks], asset_checks=[publish_data_checks])
