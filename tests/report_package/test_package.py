from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import CHECKS, HOSTILE, SEED, World, ledger_texts
from forger import header, read

from orchestration.report_package import (
    EngagementProblem,
    IncompletePackage,
    PackageConflict,
    PackageResult,
    WarehouseError,
    register_seed,
    verify_package,
)
from orchestration.report_package.manifest import canonical

PACKAGE_MD = {
    "control_matrix.csv": "control_id, category, question, objective, risk, statement, type, nature, frequency, owner, owner_email, systems, in_operation_from, in_operation_to, soc2_criteria, key_control",
    "rules.csv": "rule_id, control_id, wording, effect, role, severity, escalates_on, escalated_severity, threshold, default, value, changed_by, changed_at, approved_by, effective_from, effective_to",
    "control_owners.csv": "control_id, owner, owner_email, backup, from, to",
    "populations.csv": "control_id, population_id, frame_id, version, definition, source_systems, items, first_occurred_at, last_occurred_at, merkle_root, frozen_at, query_sha256, status",
    "reconciliations.csv": "control_id, reconciliation, left_source, right_source, independence, expected, actual, difference, explained, explained_by, evidence_ref, approved_by, approved_at, result",
    "reconciliation_differences.csv": "control_id, reconciliation, item_key, side, explanation, explained_by, approved_by, first_collected_at",
    "restatements.csv": "instance, source, table_name, record_key, kind, field, before, after, before_collection_id, after_collection_id, after_collected_at, before_sha256, after_sha256",
    "coverage.csv": "control_id, interval_start, interval_end, expected, actual, collected, status, gap_cause",
    "samples/CM-01_sample.csv": "sample_id, frame_id, control_id, design, phase, stratum, seed, ticket, draw, item_key, occurred_at, evidence_url, leaf_index, inclusion_proof, auditor_result, auditor_reference",
    "sampling_plan.csv": "frame_id, control_id, population_items, method, confidence, tolerable_rate, expected_deviations, sample_size, basis, seed, seed_provided_by, seed_received_at, drawn_at",
    "exception_register.csv": "exception_id, type, control_id, rule_id, item_key, affected_from, affected_to, severity, occurred_at, first_detected_at, description, disposition, disposition_evidence, root_cause, extent, compensating_control, owner, justification, remediation, due_on, approved_by, approved_at, closed_at, retest_item_key, status",
    "test_results.csv": "control_id, test_kind, statement, management_test, items, passed, exceptions, not_testable, not_due, exception_rate_low, exception_rate_high, auditor_test, auditor_result",
    "data_dictionary.csv": "file, column, type, description, source_model",
}  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


# --- contents ------------------------------------------------------------------------------------------------------


def test_name_digest_and_state(built: PackageResult) -> None:
    assert built.path.name == "soc1-evidence_harbor-payroll_type-ii_2025-10-01_2026-09-30"
    assert built.digest == sha256((built.path / "MANIFEST.json").read_bytes()).hexdigest()
    assert (built.state, built.incomplete_because) == ("CHECKS_PASSED", ())
    verification = verify_package(built.path)
    assert verification.passed, verification.failures
    assert (verification.digest, verification.state) == (built.digest, built.state)


def test_type_one_name(world: World) -> None:
    world.engagement["report"] = {"type": "I", "period": None, "as_of": "2026-09-30", "evidence_cutoff": "2026-10-31"}
    world.sql = ("update reporting.rpt_test_results set test_kind = 'design'",)
    result = world.build()
    assert result.path.name == "soc1-evidence_harbor-payroll_type-i_2026-09-30"
    assert verify_package(result.path).passed, verify_package(result.path).failures
    assert len(result.summary["controls"]) == 3


@pytest.mark.parametrize("file", PACKAGE_MD)
def test_columns_to_the_letter(built: PackageResult, file: str) -> None:
    assert ", ".join(header(built.path / file)) == PACKAGE_MD[file]


def test_every_column_of_every_table_is_in_the_dictionary(built: PackageResult) -> None:
    listed = {(row["file"], row["column"]) for row in read(built.path / "data_dictionary.csv")}
    found = {
        (name, column) for name in contents(built.path) if name.endswith(".csv") for column in header(built.path / name)
    }
    assert listed == found
    by_column = {(row["file"], row["column"]): row for row in read(built.path / "data_dictionary.csv")}
    title = by_column["evidence/02_change_management/CM-01_code_changes.csv", "title"]
    assert (title["type"], title["description"], title["source_model"]) == ("text", "title", "cm_01__code_changes")
    assert by_column["exception_register.csv", "due_on"]["type"] == "date"
    rule = by_column["evidence/02_change_management/CM-01_code_changes.csv", "no_pr"]["description"]
    assert rule.startswith("rule CM-01.NO_PR: wording; true where it is met")
    assert rule.endswith("empty where its evidence is missing, so the item is NOT_TESTABLE unless a rule is met")


def test_manifest_shape(built: PackageResult) -> None:
    content = (built.path / "MANIFEST.json").read_bytes()
    manifest = json.loads(content)
    assert canonical(manifest) == content
    assert set(manifest) == {
        "schema",
        "state",
        "incomplete_because",
        "files",
        "populations",
        "ledger_head",
        "engagement_sha256",
        "neutralized_cells",
        "versions",
    }
    assert {entry["path"] for entry in manifest["files"]} == set(contents(built.path)) - {
        "MANIFEST.json",
        "MANIFEST.dsse.json",
    }
    assert manifest["versions"] == {"code": "0.1.0", "schema": 1}
    assert manifest["ledger_head"] == sha256(ledger_texts(6)[-1].encode()).hexdigest()
    formulas = sum(
        line.count(b"'=cmd") for name, text in contents(built.path).items() if name.endswith(".csv") for line in [text]
    )
    assert manifest["neutralized_cells"] == formulas > 0


def test_frames_share_their_sample_and_auditors_columns_are_blank(built: PackageResult) -> None:
    first, second = (read(built.path / f"samples/{control}_sample.csv") for control in ("CM-01", "CM-02"))
    assert [row["item_key"] for row in first] == [row["item_key"] for row in second]
    assert {row["frame_id"] for row in first + second} == {"CM-01"}
    assert len(first) == 32, "hypergeometric, N = 60, 90 %, 5 %"
    assert {row["auditor_result"] + row["auditor_reference"] for row in first} == {""}
    plan = {row["control_id"]: row for row in read(built.path / "sampling_plan.csv")}
    assert (plan["CM-01"]["seed"], plan["CM-01"]["seed_provided_by"]) == (SEED, "management (demo)")


def test_no_folder_of_this_machine_stands_in_the_package(built: PackageResult) -> None:
    roots = {str(built.path.parents[1]), str(Path.home()), str(Path.cwd())} - {"/"}
    for name, content in contents(built.path).items():
        if name != "verify.py":
            assert not [root for root in roots if root.encode() in content], name
    assert b"<folder>/vault/x.parquet" in contents(built.path)["ipe/sql/cm_01__code_changes.sql"]


def test_ipe_names_the_models_in_building_order(built: PackageResult) -> None:
    text = (built.path / "ipe" / "CM-01.md").read_text("utf-8")
    assert text.index("ipe/sql/int_changes.sql") < text.index("ipe/sql/cm_01__code_changes.sql")
    assert "| github | github-harbor | pull_requests | 1 | 60 |" in text
    assert sha256(b"select 1").hexdigest() in text


# --- determinism and conflicts -------------------------------------------------------------------------------------


def test_again_is_the_same_package_and_the_same_zip(world: World) -> None:
    first = world.build()
    before, archive = contents(first.path), first.summary["zip"].read_bytes()
    first.summary["zip"].unlink()
    world.now += timedelta(hours=1)
    second = world.build()
    assert (second.path, second.digest) != (None, "")
    assert second.digest != first.digest, "index.html says as of when things are due and the demo was built"
    world.now -= timedelta(hours=1)
    third = world.build()
    assert third.path == first.path
    assert third.digest == first.digest
    assert contents(third.path) == before
    assert third.summary["zip"].read_bytes() == archive


def test_outside_a_simulation_only_the_day_matters(world: World) -> None:
    world.engagement["simulation"] = None
    first = world.build()
    world.now += timedelta(hours=3)
    assert world.build().digest == first.digest


def test_elsewhere_is_the_same_package(world: World, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    other = World(tmp_path / "elsewhere")
    assert contents(other.build().path) == contents(world.build().path)


def test_another_digest_is_kept_beside(world: World) -> None:
    first = world.build()
    before = contents(first.path)
    world.title = "Another title"
    second = world.build()
    assert second.path.name == f"{first.path.name}.{second.digest[:8]}"
    assert contents(first.path) == before
    assert world.build().path == second.path
    assert verify_package(second.path).passed
    assert {p.name for p in first.path.parent.iterdir()} == {
        first.path.name,
        first.path.name + ".zip",
        second.path.name,
        second.path.name + ".zip",
    }


def test_an_altered_package_in_the_way_is_not_taken_for_the_same(world: World) -> None:
    first = world.build()
    (first.path / "README.txt").write_text("altered")
    with pytest.raises(PackageConflict, match="altered"):
        world.build()
    assert (first.path / "README.txt").read_text() == "altered"


def test_zip_holds_the_folder(built: PackageResult) -> None:
    with zipfile.ZipFile(built.summary["zip"]) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            f"{built.path.name}/{name}": text for name, text in contents(built.path).items()
        }
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_failed_build_leaves_nothing_behind(world: World) -> None:
    world.sql = ("alter table reporting.rpt_rules drop column wording",)
    with pytest.raises(WarehouseError, match=r"rpt_rules lacks the column\(s\) wording"):
        world.build()
    assert list((world.folder / "packages").iterdir()) == []
    assert world.stamps.tables == {}


# --- what is wrong is said -----------------------------------------------------------------------------------------


def _incomplete(world: World, reason: str) -> PackageResult:
    result = world.build()
    assert result.state == "INCOMPLETE"
    assert any(reason in because for because in result.incomplete_because), result.incomplete_because
    page = (result.path / "index.html").read_text("utf-8")
    assert "<strong>INCOMPLETE</strong>" in page
    assert "CHECKS PASSED" not in page
    verification = verify_package(result.path)
    assert verification.passed, verification.failures
    assert verification.state == "INCOMPLETE"
    return result


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("update reporting.rpt_reconciliations set actual = 57, difference = 3 where control_id = 'CM-01'", "CM-01: changes = commits: git against github differs by 3"),
        ("update reporting.rpt_reconciliations set difference = null where control_id = 'CM-01'", "could not be computed"),
        ("update reporting.rpt_reconciliations set difference = 3, explained = 3, explained_by = 'x'", "differs by 3"),
        ("update reporting.rpt_reconciliations set difference = 3, explained = 2, approved_by = 'x'", "differs by 3"),
        ("update reporting.rpt_reconciliations set result = 'open' where control_id = 'CM-01'", "differs by 0"),
        ("delete from reporting.rpt_reconciliations where control_id = 'LA-04'", "LA-04: the population is reconciled to no other source"),
        ("update reporting.rpt_coverage set collected = false, gap_cause = 'no token' where control_id = 'LA-04' and interval_start < '2025-12-01'", "LA-04: 2 of 12 intervals not collected (no token)"),
        ("update reporting.rpt_coverage set collected = null where control_id = 'LA-04'", "LA-04: 12 of 12 intervals"),
        ("update reporting.rpt_populations set items = 61 where control_id = 'CM-01'", "CM-01: 60 items written, the summary says 61"),
        ("delete from reporting.rpt_populations where control_id = 'CM-01'", "missing from the summary"),
        ("insert into reporting.rpt_control_matrix (control_id) values ('CO-01')", "CO-01: no population was built"),
    ],
)  # fmt: skip
def test_incomplete(world: World, sql: str, reason: str) -> None:
    world.sql = (sql,)
    _incomplete(world, reason)


def test_an_explained_difference_is_no_reason(world: World) -> None:
    world.sql = (
        "update reporting.rpt_reconciliations set difference = 3, explained = 3, explained_by = 'moved', approved_by = 'Ann', result = 'explained'",
    )
    assert world.build().state == "CHECKS_PASSED"


@pytest.mark.parametrize(
    ("passed", "words"), [("false", "check x.y failed"), ("error", "check x.y could not run"), ("", "could not run")]
)
def test_checks_that_did_not_pass(world: World, passed: str, words: str) -> None:
    world.checks = (*CHECKS, replace(CHECKS[0], check_id="x.y", passed=passed))
    result = _incomplete(world, words)
    assert "Not passed" in (result.path / "data_checks.html").read_text("utf-8")
    assert {row["check_id"]: row["passed"] for row in read(result.path / "data_checks.csv")}["x.y"] == passed


def test_no_checks_at_all(world: World) -> None:
    world.checks = ()
    _incomplete(world, "no data check was run")


def test_strict_refuses_before_anything_is_stamped(world: World) -> None:
    world.checks = ()
    with pytest.raises(IncompletePackage, match="no data check was run"):
        world.build(strict=True)
    assert world.stamps.tables == {}
    assert list((world.folder / "packages").iterdir()) == []


def test_a_vault_ahead_of_the_warehouse(world: World) -> None:
    result = world.build(ledger=lambda: ledger_texts(8))
    assert result.state == "INCOMPLETE"
    assert "the vault holds 1 collection(s)" in result.incomplete_because[0]
    assert len(read(result.path / "collections.csv")) == 8
    assert verify_package(result.path).passed


def test_a_population_without_items(world: World) -> None:
    mart = "marts.la_04__terminations"
    world.sql = (
        f"delete from {mart}", f"delete from {mart}__sources", "delete from reporting.rpt_exception_register where control_id = 'LA-04'",
        "update reporting.rpt_populations set items = 0, status = 'NO_OCCURRENCE' where control_id = 'LA-04'",
        "update reporting.rpt_test_results set items = 0, passed = 0, exceptions = 0, not_testable = 0, not_due = 0 where control_id = 'LA-04'",
    )  # fmt: skip
    result = world.build()
    assert result.state == "CHECKS_PASSED"
    assert verify_package(result.path).passed
    assert read(result.path / "samples/LA-04_sample.csv") == []


def test_what_was_excluded_must_be_no_item(world: World) -> None:
    mart = "marts.la_04__terminations"
    world.sql = (
        f"create table {mart}__excluded as select item_key || '/x' as item_key, 'rescinded' as exclusion from {mart} limit 2",
    )
    assert verify_package(world.build().path).passed
    world.sql = (f"create table {mart}__excluded as select item_key, 'rescinded' as exclusion from {mart} limit 2",)
    failures = verify_package(world.build().path).failures
    assert [check.name for check in failures] == ["details traced to items"]


def test_two_populations_of_one_control(world: World) -> None:
    world.sql = ("create table marts.la_04__leavers as select * from marts.la_04__terminations",)
    with pytest.raises(WarehouseError, match="more than one population for LA-04"):
        world.build()


def test_items_that_stand_twice_do_not_verify(world: World) -> None:
    world.sql = ("insert into marts.cm_01__code_changes select * from marts.cm_01__code_changes limit 1",)
    failures = verify_package(world.build().path).failures
    assert any("out of order or twice" in check.detail for check in failures)


def test_items_without_a_key_do_not_verify(world: World) -> None:
    world.sql = ("update marts.cm_01__code_changes set item_key = null where item_key like '%9000'",)
    assert verify_package(world.build().path).failures


@pytest.mark.parametrize("gone", ["warehouse.duckdb", "manifest.json"])
def test_nothing_to_package(world: World, gone: str) -> None:
    from orchestration.report_package import build_package

    warehouse, manifest = world.write()
    (world.folder / gone).unlink()
    with pytest.raises(WarehouseError, match="build"):
        build_package(
            warehouse, manifest, world.engagement, CHECKS, world.stamps, world.now, world.folder / "p", "0.1.0"
        )


def test_an_engagement_that_lacks_something(world: World) -> None:
    del world.engagement["organization"]["slug"]
    with pytest.raises(EngagementProblem, match="slug"):
        world.build()


# --- freeze, seed, draw --------------------------------------------------------------------------------------------


def test_each_stamp_is_made_once(world: World) -> None:
    world.build()
    stamped = json.dumps(world.stamps.tables)
    assert [record["version"] for record in world.stamps.tables["freezes"]] == [1, 1, 1]
    assert [record["frame_id"] for record in world.stamps.tables["seeds"]] == ["CM-01", "LA-04"]
    assert len(world.stamps.tables["draws"]) == 3
    world.now += timedelta(days=30)
    result = world.build()
    assert json.dumps(world.stamps.tables) == stamped
    assert {row["first_detected_at"] for row in read(result.path / "exception_register.csv")} == {
        "2026-11-01T04:00:00Z"
    }
    assert {row["frozen_at"] for row in read(result.path / "populations.csv")} == {"2026-11-01T04:00:00Z"}


def test_a_late_record_makes_a_new_version_under_the_same_seed(world: World) -> None:
    first = world.build()
    before = {row["item_key"] for row in read(first.path / "samples/CM-01_sample.csv")}
    world.late_record, world.now = True, world.now + timedelta(days=1)
    world.sql = ("update reporting.rpt_reconciliations set expected = 61, actual = 61",)
    second = world.build()
    assert verify_package(second.path).passed, verify_package(second.path).failures
    populations = {row["control_id"]: row for row in read(second.path / "populations.csv")}
    assert (populations["CM-01"]["version"], populations["CM-01"]["frozen_at"]) == ("2", "2026-11-02T04:00:00Z")
    assert (populations["LA-04"]["version"], populations["LA-04"]["frozen_at"]) == ("1", "2026-11-01T04:00:00Z")
    plan = {row["control_id"]: row for row in read(second.path / "sampling_plan.csv")}
    assert (plan["CM-01"]["seed"], plan["CM-01"]["seed_received_at"], plan["CM-01"]["drawn_at"]) == (
        SEED,
        "2026-11-01T04:00:00Z",
        "2026-11-02T04:00:00Z",
    )
    after = {row["item_key"] for row in read(second.path / "samples/CM-01_sample.csv")}
    displaced = second.path / "samples/superseded/CM-01_sample.csv"
    assert {row["item_key"] for row in read(displaced)} == before - after if displaced.exists() else before <= after


def test_a_displaced_item_stays_visible(world: World) -> None:
    first = world.build()
    sample = read(first.path / "samples/CM-01_sample.csv")
    gone = sample[0]["item_key"]
    marts = (
        "cm_01__code_changes",
        "cm_01__code_changes__sources",
        "cm_01__code_changes__reviews",
        "cm_02__tested_changes",
        "cm_02__tested_changes__sources",
    )
    world.sql = (
        *(f"delete from marts.{mart} where item_key = '{gone}'" for mart in marts),
        f"delete from reporting.rpt_exception_register where item_key = '{gone}'",
        "update reporting.rpt_populations set items = 59 where frame_id = 'CM-01'",
        *(
            f"update reporting.rpt_test_results set items = 59, passed = (select count(*) from marts.{mart} where status = 'PASS'),"
            f" exceptions = (select count(*) from marts.{mart} where status = 'EXCEPTION'), not_testable = (select count(*) from marts.{mart} where status = 'NOT_TESTABLE'),"
            f" exception_rate_low = (select count(*) filter (where status = 'EXCEPTION') / 59 from marts.{mart}),"
            f" exception_rate_high = (select count(*) filter (where status in ('EXCEPTION', 'NOT_TESTABLE')) / 59 from marts.{mart}) where control_id = '{control}'"
            for control, mart in (("CM-01", "cm_01__code_changes"), ("CM-02", "cm_02__tested_changes"))
        ),
    )
    result = world.build()
    assert verify_package(result.path).passed, verify_package(result.path).failures
    displaced = read(result.path / "samples/superseded/CM-01_sample.csv")
    assert [(row["item_key"], row["version"], row["superseded_by_version"]) for row in displaced] == [(gone, "1", "2")]
    assert displaced[0]["inclusion_proof"] == sample[0]["inclusion_proof"]
    assert "1 item(s) displaced by a later version" in (result.path / "index.html").read_text("utf-8")


def test_a_larger_sample_takes_the_next_tickets(world: World) -> None:
    before = read(world.build().path / "samples/CM-01_sample.csv")
    world.engagement["sampling"]["confidence"] = 0.95
    after = read(world.build().path / "samples/CM-01_sample.csv")
    assert after[: len(before)] == before
    assert {row["phase"] for row in before} == {"initial"}
    assert {row["phase"] for row in after[len(before) :]} == {"extension"}


def test_without_a_seed_nothing_is_drawn_until_the_auditor_supplies_one(world: World) -> None:
    world.engagement["sampling"]["seed"] = None
    key = "type-ii_2025-10-01_2026-09-30"
    with pytest.raises(ValueError, match="not frozen yet"):
        register_seed(world.stamps, key, "CM-01", "1" * 20, "auditor", world.now)
    result = world.build()
    assert read(result.path / "samples/CM-01_sample.csv") == []
    assert verify_package(result.path).passed
    assert "not supplied yet" in (result.path / "index.html").read_text("utf-8")
    register_seed(world.stamps, key, "CM-01", "1" * 20, "auditor", world.now + timedelta(hours=1))
    with pytest.raises(ValueError, match="20 digits"):
        register_seed(world.stamps, key, "CM-01", "short", "auditor", world.now)
    world.now += timedelta(hours=2)
    drawn = world.build()
    assert verify_package(drawn.path).passed
    plan = {row["control_id"]: row for row in read(drawn.path / "sampling_plan.csv")}
    assert (plan["CM-02"]["seed"], plan["CM-02"]["seed_provided_by"]) == ("1" * 20, "auditor")
    assert plan["CM-01"]["seed_received_at"] < plan["CM-01"]["drawn_at"]
    assert plan["LA-04"]["seed"] == ""


def test_only_the_first_seed_counts_and_later_ones_show(world: World) -> None:
    world.build()
    world.engagement["sampling"]["seed"] = "27182818284590452353"
    result = world.build()
    plan = read(result.path / "sampling_plan.csv")
    assert {row["seed"] for row in plan} == {SEED}
    assert all("1 seed(s) received later do not count" in row["basis"] for row in plan)
    assert verify_package(result.path).passed


def test_a_stratified_sample_says_that_it_is_nonstatistical(world: World) -> None:
    world.engagement["sampling"]["method"] = "stratified_by_month"
    result = world.build()
    rows = read(result.path / "samples/CM-01_sample.csv")
    assert {row["stratum"] for row in rows} == {
        row["occurred_on"][:7] for row in read(result.path / "evidence/02_change_management/CM-01_code_changes.csv")
    }
    assert verify_package(result.path).passed, verify_package(result.path).failures
    assert "nonstatistical" in read(result.path / "sampling_plan.csv")[0]["basis"]


def test_two_reports_on_one_vault_do_not_share_freezes(world: World) -> None:
    world.build()
    world.engagement["report"]["period"]["end"] = "2026-06-30"
    world.build()
    assert [record["version"] for record in world.stamps.tables["freezes"]] == [1] * 6


# --- pages ---------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Collects what a page refers to, its text and whether its tags balance."""

    VOID = frozenset({"meta", "br", "col", "rect", "link", "img", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [
            value or "" for name, value in attrs if name in {"href", "src", "srcset", "action", "data", "xlink:href"}
        ]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["index.html", "data_checks.html"])
def test_pages_refer_to_nothing_outside(built: PackageResult, name: str) -> None:
    text = (built.path / name).read_text("utf-8")
    page = Page(text)
    for reference in page.references:
        assert reference.startswith("#") or (built.path / reference).is_file(), reference
    assert not re.search(r"https?:|url\(|@import|//[a-z]", text)
    assert not {"script", "iframe", "img", "link", "object", "embed", "form"} & set(page.tags)
    assert "default-src 'none'" in text
    anchors = {reference[1:] for reference in page.references if reference.startswith("#")}
    assert all(f'id="{anchor}"' in text for anchor in anchors)
    assert '<html lang="en">' in text


def test_hostile_text_is_text(world: World, tmp_path: Path) -> None:
    words = HOSTILE.replace("'", "''")
    world.engagement["organization"]["name"] = world.engagement["system"] = HOSTILE
    world.checks = (
        *CHECKS,
        replace(CHECKS[0], check_id=HOSTILE, control_id=HOSTILE, expectation=HOSTILE, observed=HOSTILE, passed="false"),
    )
    world.sql = (
        f"update reporting.rpt_control_matrix set owner = '{words}', question = '{words}', statement = '{words}', systems = '{words}'",
        f"update reporting.rpt_exception_register set owner = '{words}', disposition = '{words}'",
        f"update reporting.rpt_rules set wording = '{words}', changed_by = '{words}'",
        f"update reporting.rpt_reconciliations set explained_by = '{words}', left_source = '{words}', result = '{words}'",
        f"update reporting.rpt_coverage set gap_cause = '{words}', collected = false",
        f"update reporting.rpt_populations set definition = '{words}', status = '{words}'",
        f"update reporting.rpt_test_results set statement = '{words}'",
    )
    result = world.build()
    for name in ("index.html", "data_checks.html"):
        text = (result.path / name).read_text("utf-8")
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "script" not in Page(text).tags
    assert "<script" not in (result.path / "ipe/CM-01.md").read_text("utf-8")
    assert verify_package(result.path).passed


def test_the_face_tells_of_the_demonstration(built: PackageResult, world: World) -> None:
    assert "injected clock: this package was built as at 2026-11-01 04:00:00 UTC" in (
        built.path / "index.html"
    ).read_text("utf-8")
    world.engagement["simulation"] = None
    assert "injected clock" not in (world.build().path / "index.html").read_text("utf-8")


def test_due_this_week_by_owner(world: World) -> None:
    register = "update reporting.rpt_exception_register set "
    world.sql = (
        register + "owner = null, due_on = null",
        register
        + "owner = 'Olga Overdue', due_on = '2026-10-31', disposition = 'confirmed_deviation' where control_id = 'LA-04' and type = 'item'",
        register + "owner = 'Dora Due', due_on = '2026-11-06' where control_id = 'CM-02'",
    )
    text = (world.build().path / "index.html").read_text("utf-8")
    cells = dict(
        re.findall(
            r'<tr><th scope="row">([^<]*)</th><td class="n(?: bad)?">(\d+)</td><td class="n">\d+</td><td class="n">\d+</td><td class="mono">',
            text,
        )
    )
    assert cells == {"Olga Overdue": "1", "Dora Due": "0", "Olive Owner": "0"}
    assert "From 2026-11-01 to before 2026-11-08" in text


def test_coverage_shows_gaps(world: World) -> None:
    world.sql = (
        "update reporting.rpt_coverage set collected = false, gap_cause = 'no token' where control_id = 'LA-04' and interval_start < '2025-12-01'",
    )
    text = (world.build().path / "index.html").read_text("utf-8")
    assert '<span class="gap" title="not collected; 6 items; no token">6 gap</span>' in text
    assert '<span class="gap" title="not collected; 3 items; no token">3 gap</span>' in text
    assert text.count('<span class="gap"') == 2
    assert text.count('<span class="full" title="collected; ') > 2
    assert text.count('<span class="zero" title="collected; 0 items">0</span>') >= 10


def test_the_face_counts_shared_items_once(built: PackageResult) -> None:
    text = (built.path / "index.html").read_text("utf-8")
    untested = sum(int(row["not_testable"]) for row in read(built.path / "test_results.csv"))
    assert untested
    assert f"69, with 129 results where controls share items; {untested} not testable" in text


def test_a_seed_known_before_the_freeze_proves_no_order(world: World) -> None:
    words = "stood in the engagement when the population"
    known = world.build()
    assert all(words in row["basis"] for row in read(known.path / "sampling_plan.csv"))
    assert words in (known.path / "index.html").read_text("utf-8")
    assert words in (known.path / "README.txt").read_text("utf-8")


def test_a_seed_supplied_after_the_freeze_proves_it(world: World) -> None:
    words = "stood in the engagement when the population"
    world.engagement["sampling"]["seed"] = None
    world.build()
    world.now += timedelta(hours=1)
    for frame in ("CM-01", "LA-04"):
        register_seed(world.stamps, "type-ii_2025-10-01_2026-09-30", frame, "1" * 20, "auditor", world.now)
    drawn = world.build()
    for name in ("sampling_plan.csv", "index.html", "README.txt"):
        assert words not in (drawn.path / name).read_text("utf-8"), name


def test_the_snapshot_interval_stands_on_the_face_and_in_the_narrative(world: World) -> None:
    world.engagement["collection"] = {"snapshot_max_gap_days": 35}
    world.sql = ("update reporting.rpt_control_matrix set category = 'logical_access' where control_id = 'LA-04'",)
    package = world.build().path
    words = "ccounts that appear and vanish between two snapshots of a system without an event log"
    assert words in (package / "index.html").read_text("utf-8")
    assert "<dd>35 days</dd>" in (package / "index.html").read_text("utf-8")
    assert words in (package / "ipe/LA-04.md").read_text("utf-8")
    assert words not in (package / "ipe/CM-01.md").read_text("utf-8")


def test_gaps_that_supplementary_rules_feel_are_named_with_the_state(world: World) -> None:
    world.sql = (
        "create table reporting.chk_collection_gaps as select 'github-harbor' as instance, 'rule_suites' as resource,"
        " timestamptz '2025-10-01 04:00:00Z' as gap_from, 0 as not_permitted, null::boolean as is_within_retention",
    )
    result = world.build()
    assert result.state == "CHECKS_PASSED"
    assert "disclosed on the items (github-harbor rule suites)" in (result.path / "index.html").read_text("utf-8")


def test_an_explained_reconciliation_shows_reason_explainer_and_approver(world: World) -> None:
    world.sql = (
        "update reporting.rpt_reconciliations set actual = 59, difference = 1, explained = 1, result = 'explained',"
        " explained_by = 'Rita Reason', evidence_ref = 'TICKET-7: called off', approved_by = 'Anna Approver'"
        " where control_id = 'CM-01'",
        "insert into reporting.rpt_reconciliation_differences values"
        " ('CM-01', 'changes = commits', 'x', 'git', 'TICKET-7: called off', 'Rita Reason', 'Anna Approver', '2026-01-01 00:00:00Z')",
    )
    result = world.build()
    assert result.state == "CHECKS_PASSED"
    text = (result.path / "index.html").read_text("utf-8")
    assert "TICKET-7: called off; explained by Rita Reason; approved by Anna Approver" in text
    assert verify_package(result.path).passed, verify_package(result.path).failures


def test_the_verifier_travels_verbatim(built: PackageResult, copy_of: Callable[[Path], Path]) -> None:
    from orchestration.report_package import verify

    assert (built.path / "verify.py").read_bytes() == Path(verify.__file__).read_bytes()


def test_nothing_here_imports_the_orchestrator() -> None:
    import subprocess
    import sys

    code = "import sys, orchestration.report_package as p; sys.exit(any(m in sys.modules for m in ('dagster', 'dbt', 'dlt', 'great_expectations', 'scipy', 'pandas')))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0
