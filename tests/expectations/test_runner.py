"""Every assertion passes on complete evidence and fails on the violation it is there for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.runner import CheckResult, run
from expectations.suites import suites

SUITES = suites([("CM-02", "cm_02__tested_changes", "CM-01")], ["okta-harbor"])
GOOD: dict[str, list[dict[str, Any]]] = {
    "chk_populations": [
        {
            "control_id": "CM-02",
            "items": 12,
            "distinct_keys": 12,
            "null_keys": 0,
            "outside_period": 0,
            "frame_items": 12,
            "frame_difference": 0,
        }
    ],
    "rpt_reconciliations": [
        {"control_id": "CM-02", "reconciliation": "commits in one change", "difference": 0, "result": "agrees"},
        {"control_id": "CM-02", "reconciliation": "merged requests in git", "difference": 1, "result": "explained"},
    ],
    "rpt_coverage": [{"control_id": "CM-02", "interval_start": "2025-10-01", "status": "covered", "gap_cause": None}],
    "chk_lineage": [
        {
            "instance": "okta-harbor",
            "table_name": "users",
            "ledger_rows": 9,
            "vault_rows": 9,
            "vault_distinct_keys": 3,
            "staging_rows": 3,
            "difference": 0,
        }
    ],
    "chk_collection_gaps": [
        {
            "instance": "okta-harbor",
            "resource": "system_log",
            "not_permitted": 0,
            "is_within_retention": True,
            "longest_gap_days": 31,
            "retention_days": 90,
            "gap_from": None,
            "gap_to": None,
        }
    ],
    "chk_sequences": [
        {"instance": "okta-harbor", "sequence": "numbers", "first": 1, "last": 9, "missing": 1, "explained": 1}
    ],
    "chk_restatements": [{"instance": "okta-harbor", "table_name": "system_log", "records": 9, "restated": 0}],
}


def checked(folder: Path, tables: dict[str, list[dict[str, Any]]]) -> dict[str, CheckResult]:
    warehouse = folder / "warehouse.duckdb"
    warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema reporting")
        for name, rows in tables.items():
            columns = {column: value for row in GOOD[name] for column, value in row.items()}
            types = {int: "bigint", bool: "boolean"}
            listed = ", ".join(f'"{column}" {types.get(type(value), "varchar")}' for column, value in columns.items())
            connection.execute(f"create table reporting.{name} ({listed})")
            for row in rows:
                connection.execute(
                    f"insert into reporting.{name} values ({', '.join('?' * len(columns))})",
                    [row[column] for column in columns],
                )
    return {result.check_id: result for result in run(SUITES, warehouse)}


def changed(table: str, **values: Any) -> dict[str, list[dict[str, Any]]]:
    return {**GOOD, table: [{**GOOD[table][0], **values}, *GOOD[table][1:]]}


def test_complete_evidence_passes_every_assertion(tmp_path: Path) -> None:
    results = checked(tmp_path, GOOD)
    assert {result.passed for result in results.values()} == {"true"}
    assert len(results) == sum(len(suite.assertions) for suite in SUITES)
    assert results["cm_02__tested_changes.frame_same"].expectation == "The same items as CM-01: 12 here, 12 there"


@pytest.mark.parametrize(
    ("tables", "failing"),
    [
        (changed("chk_populations", null_keys=1), "cm_02__tested_changes.keys_not_null"),
        (changed("chk_populations", distinct_keys=11), "cm_02__tested_changes.keys_unique"),
        (changed("chk_populations", frame_difference=1), "cm_02__tested_changes.frame_same"),
        (changed("chk_populations", frame_difference=-1), "cm_02__tested_changes.frame_same"),
        (changed("chk_populations", frame_difference=None), "cm_02__tested_changes.frame_same"),
        (changed("chk_populations", outside_period=1), "cm_02__tested_changes.inside_period"),
        (changed("rpt_reconciliations", result="differs"), "cm_02__tested_changes.reconciled"),
        (changed("rpt_reconciliations", result=None), "cm_02__tested_changes.reconciled"),
        ({**GOOD, "rpt_reconciliations": []}, "cm_02__tested_changes.reconciliations_present"),
        (changed("rpt_coverage", status="not_collected"), "cm_02__tested_changes.intervals_present"),
        ({**GOOD, "rpt_coverage": []}, "cm_02__tested_changes.coverage_present"),
        ({**GOOD, "chk_populations": []}, "cm_02__tested_changes.population_present"),
        (changed("chk_lineage", vault_rows=8), "source_okta-harbor.rows_vault"),
        (changed("chk_lineage", difference=1), "source_okta-harbor.rows_staging"),
        ({**GOOD, "chk_lineage": []}, "source_okta-harbor.collected"),
        (changed("chk_collection_gaps", not_permitted=1), "source_okta-harbor.permitted"),
        (changed("chk_collection_gaps", is_within_retention=False), "source_okta-harbor.no_gap"),
        ({**GOOD, "chk_collection_gaps": []}, "source_okta-harbor.gaps_present"),
        (changed("chk_sequences", missing=2), "source_okta-harbor.sequences"),
        (changed("chk_restatements", restated=1), "source_okta-harbor.not_restated"),
    ],
)
def test_a_violation_is_caught_by_its_assertion_alone(
    tmp_path: Path, tables: dict[str, list[dict[str, Any]]], failing: str
) -> None:
    results = checked(tmp_path, tables)
    assert {check for check, result in results.items() if result.passed != "true"} == {failing}


def test_a_gap_that_only_supplementary_rules_feel_is_no_failure(tmp_path: Path) -> None:
    results = checked(tmp_path, changed("chk_collection_gaps", is_within_retention=None, longest_gap_days=1))
    assert results["source_okta-harbor.no_gap"].passed == "true"


def test_a_restatement_is_noted_and_no_failure(tmp_path: Path) -> None:
    results = checked(tmp_path, changed("chk_restatements", restated=2))
    noted = results["source_okta-harbor.not_restated"]
    assert (noted.passed, noted.observed) == ("note", "table_name system_log, records 9, restated 2")
    assert {result.passed for check, result in results.items() if check != noted.check_id} == {"true"}


def test_nothing_to_examine_is_said(tmp_path: Path) -> None:
    results = checked(tmp_path, {**GOOD, "chk_sequences": [], "chk_restatements": []})
    for name in ("sequences", "not_restated"):
        assert results[f"source_okta-harbor.{name}"].observed.startswith("not applicable: ")


def test_a_control_that_is_its_own_frame_is_not_compared_with_itself() -> None:
    (suite,) = suites([("CM-01", "cm_01__code_changes", "CM-01")], [])
    assert "frame_same" not in {assertion.name for assertion in suite.assertions}
    assert not [a.words for s in [suite, *SUITES] for a in s.assertions if "complete" in a.words.lower()]


def test_every_assertion_has_a_violation_above() -> None:
    cases = test_a_violation_is_caught_by_its_assertion_alone.pytestmark[0].args[1]
    assert {failing for _, failing in cases} == {
        f"{suite.name}.{assertion.name}" for suite in SUITES for assertion in suite.assertions
    }


def test_an_assertion_that_cannot_be_evaluated_is_an_error_and_no_pass(tmp_path: Path) -> None:
    broken = {**GOOD}
    broken["chk_sequences"] = []
    warehouse = tmp_path / "w.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema reporting")
        for name in GOOD:
            column = "control_id" if name in {"chk_populations", "rpt_reconciliations", "rpt_coverage"} else "instance"
            connection.execute(f"create table reporting.{name} ({column} varchar, unrelated bigint)")
            connection.execute(
                f"insert into reporting.{name} values (?, 1)", ["CM-02" if column == "control_id" else "okta-harbor"]
            )
    results = {result.check_id: result for result in run(SUITES, warehouse)}
    assert results["cm_02__tested_changes.keys_not_null"].passed == "error"
    assert results["source_okta-harbor.sequences"].passed == "error"
