"""The evidence package as an asset, and its verification as a check."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

from orchestration import progress
from orchestration.defs import COMPLIANCE
from orchestration.defs.dbt import dbt_build
from orchestration.defs.expectations import DATA_CHECKS
from orchestration.packaging import package, read_outcome
from orchestration.workspace import find

workspace = find()
PACKAGE = dg.AssetKey("evidence_package")


def _rendered(key: dg.AssetKey) -> bool:
    """Whether the package is written from this model: the marts, their findings, the reports."""
    layer, name = key.path[0], key.path[-1]
    return layer in {"marts", "exceptions"} or (layer == "reporting" and name.startswith("rpt_"))


@dg.asset(
    key=PACKAGE,
    deps=[DATA_CHECKS, *(key for key in sorted(dbt_build.keys) if _rendered(key))],
    group_name="package",
    kinds={"csv", "html"},
    owners=COMPLIANCE,
    pool="duckdb_writer",
    description="What the auditor receives: every population with its results, proofs, samples, registers and pages.",
)
def evidence_package() -> dg.MaterializeResult[None]:
    """Freeze, draw, write, sign."""
    progress.say("package")
    key_file = os.environ.get("ITGC_SIGNING_KEY_FILE")
    outcome = package(workspace, strict=bool(os.environ.get("ITGC_STRICT")), key=Path(key_file) if key_file else None)
    return dg.MaterializeResult(
        metadata={
            "state": outcome.state,
            "incomplete_because": dg.MetadataValue.md("\n".join(f"- {reason}" for reason in outcome.because) or "-"),
            "digest": outcome.digest,
            "findings": dg.MetadataValue.md("\n".join(f"    {line}" for line in outcome.lines)),
            "index": dg.MetadataValue.path(str(Path(outcome.path) / "index.html")),
        }
    )


@dg.asset_check(asset=PACKAGE, blocking=True, description="verify.py passes: every byte, root, sample and count.")
def package_verifies() -> dg.AssetCheckResult:
    """Run the package's own verifier."""
    from orchestration.report_package.verification import verify_package

    progress.say("verify")
    report = verify_package(Path(read_outcome(workspace).path))
    failed = "\n".join(f"{check.name}: {check.detail}" for check in report.failures) or "none"
    return dg.AssetCheckResult(passed=report.passed, metadata={"checks": len(report.checks), "failed": failed})


@dg.asset_check(asset=PACKAGE, description="Every population is complete, every day of the period covered.")
def package_complete() -> dg.AssetCheckResult:
    """The state on the package's face."""
    outcome = read_outcome(workspace)
    return dg.AssetCheckResult(
        passed=outcome.state == "CHECKS_PASSED", metadata={"because": "\n".join(outcome.because) or "-"}
    )


defs = dg.Definitions(assets=[evidence_package], asset_checks=[package_verifies, package_complete])
