"""Why a package is INCOMPLETE: causes first, each thing once, short."""

from __future__ import annotations

from dataclasses import replace

from conftest import CHECKS, World

from orchestration.report_package import verify_package
from orchestration.report_package.completeness import LONGEST

GAPS = """create table reporting.chk_collection_gaps as select * from (values
    ('github-harbor', 'branch_protection', timestamptz '2026-03-01 05:00:00Z', 7, false),
    ('github-harbor', 'rulesets', timestamptz '2026-03-01 05:00:00Z', 7, false),
    ('github-harbor', 'pull_requests', null, 0, true),
    ('github-harbor', 'rule_suites', null, 0, null),
    ('jira-harbor', 'issues', timestamptz '2026-06-01 04:00:00Z', 0, false)
) as gaps (instance, resource, gap_from, not_permitted, is_within_retention)"""
CAUSE = "; ".join(f"github-harbor resource_{n}: the token may not see it since 2026-03-01" for n in range(9))
UNCOVERED = (
    f"update reporting.rpt_coverage set collected = false, gap_cause = '{CAUSE}' where control_id = 'CM-01'"
    " and interval_start >= '2026-03-01'"
)
OPEN = "update reporting.rpt_reconciliations set difference = 3, result = 'open' where control_id = 'CM-02'"


def failing(check_id: str, control: str = "", population: str = "", passed: str = "false") -> object:
    return replace(CHECKS[0], check_id=check_id, control_id=control, population_id=population, passed=passed)


def test_causes_come_first_and_nothing_is_said_twice(world: World) -> None:
    world.sql = (GAPS, UNCOVERED, OPEN)
    world.checks = (
        *CHECKS,
        failing("cm_01__code_changes.intervals_present", "CM-01", "cm_01__code_changes"),
        failing("cm_02__tested_changes.reconciled", "CM-02", "cm_02__tested_changes"),
        failing("source_github-harbor.permitted", population="github-harbor"),
        failing("source_github-harbor.no_gap", population="github-harbor"),
        failing("source_jira-harbor.no_gap", population="jira-harbor"),
        failing("source_okta-harbor.no_gap", population="okta-harbor"),
        failing("la_04__terminations.keys_unique", "LA-04", "la_04__terminations"),
    )  # type: ignore[assignment]
    because = world.build().incomplete_because
    assert [reason.split(" (")[0] for reason in because] == [
        "github-harbor: not permitted since 2026-03-01: branch_protection, rulesets",
        "jira-harbor: not collected since 2026-06-01: issues",
        "CM-01: 7 of 12 intervals not collected",
        "CM-02: changes = commits: git against github differs by 3",
        "okta-harbor: check source_okta-harbor.no_gap failed: Every item has a key",
        "LA-04: check la_04__terminations.keys_unique failed: Every item has a key",
    ]
    assert "7 more, see coverage.csv" in because[2]


def test_a_check_whose_reason_is_missing_is_not_dropped(world: World) -> None:
    world.checks = (*CHECKS, failing("cm_01__code_changes.reconciled", "CM-01"))  # type: ignore[assignment]
    (reason,) = world.build().incomplete_because
    assert "check cm_01__code_changes.reconciled failed" in reason


def test_reasons_are_short(world: World) -> None:
    world.checks = (*CHECKS, replace(CHECKS[0], passed="false", observed="row; " * 500))
    (reason,) = world.build().incomplete_because
    assert LONGEST - 3 < len(reason) <= LONGEST
    assert reason.endswith("…")


def test_a_note_leaves_the_state_and_stands_on_the_face(world: World) -> None:
    note = failing("source_github-harbor.not_restated", population="github-harbor", passed="note")
    world.checks = (*CHECKS, note)  # type: ignore[assignment]
    world.sql = (
        """insert into reporting.rpt_restatements values
        ('github-harbor', 'github', 'activity', 'push/1', 'restated', 'actor.login', 'ann', 'bob', 'c1', 'c2', '2026-02-01 00:00:00Z', 'h1', 'h2'),
        ('registers', 'registers', 'delegations', 'x/y/2026-01-01', 'back_dated', 'valid_from', null, '2026-01-01', 'c1', 'c2', '2026-03-01 00:00:00Z', null, 'h3')""",
    )  # fmt: skip
    result = world.build()
    assert result.state == "CHECKS_PASSED"
    assert verify_package(result.path).passed, verify_package(result.path).failures
    face = (result.path / "index.html").read_text("utf-8")
    above = face[: face.index('<main id="main">')]
    assert "1 restated record, 1 back-dated register line" in above
    assert "push/1" in face
    assert "actor.login" in face
    assert '<a href="restatements.csv">' in face
