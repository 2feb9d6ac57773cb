"""A small synthetic warehouse with the shapes of the real one, and packages built from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.report_package import MemoryStamps, PackageResult, build_package

NOW = datetime(2026, 11, 1, 4, tzinfo=UTC)
SEED = "31415926535897932384"
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'x'"
HEADER = (
    "control_id varchar, item_key varchar, system varchar, instance varchar, occurred_at timestamptz, occurred_on date,"
    " status varchar, rules_failed varchar, rules_not_testable varchar, rules_not_applicable varchar, evidence_url varchar"
)
SOURCES = (
    "item_key varchar, source varchar, instance varchar, resource varchar, record_key varchar, collection_id varchar,"
    " collected_at timestamptz, payload_sha256 varchar"
)
ENGAGEMENT: dict[str, Any] = {
    "organization": {"name": "Harbor Payroll, Inc.", "slug": "harbor-payroll"},
    "system": "Harbor Payroll Platform",
    "report": {"type": "II", "period": {"start": "2025-10-01", "end": "2026-09-30"}, "evidence_cutoff": "2026-10-31"},
    "zone": "America/New_York",
    "business_calendar": "US-Federal",
    "sampling": {
        "confidence": 0.9,
        "tolerable_rate": 0.05,
        "expected_deviations": 0,
        "seed": SEED,
        "seed_provided_by": "management (demo)",
    },
    "simulation": {"company": "harbor-payroll", "seed": 7, "scale": 1.0},
}
CONTROLS = {
    "LA-04": ("la_04__terminations", "LA-04", "Are terminated users removed timely?", ["not_removed", "late"]),
    "CM-01": ("cm_01__code_changes", "CM-01", "Are code changes reviewed?", ["no_pr", "no_approval"]),
    "CM-02": ("cm_02__tested_changes", "CM-01", "Are changes tested before production?", ["no_check", "not_success"]),
}


@dataclass(frozen=True)
class Check:
    check_id: str
    control_id: str = ""
    population_id: str = ""
    kind: str = "completeness"
    expectation: str = "Every item has a key"
    expected: str = "0 keys missing"
    observed: str = "0"
    passed: str = "true"


CHECKS = (
    Check("cm_01.keys_not_null", "CM-01", "cm_01__code_changes"),
    Check(
        "la_04.intervals_present", "LA-04", "la_04__terminations", "coverage", "Every interval is covered by collection"
    ),
    Check(
        "github-harbor.rows_vault",
        "",
        "github-harbor",
        "completeness",
        "Rows that the ledger committed = rows in the vault",
    ),
)


_WRITTEN: dict[tuple[int, bool, str, int], bytes] = {}


@dataclass
class World:
    """Everything a package is built from; tests change it before building."""

    folder: Path
    changes: int = 60
    late_record: bool = False
    title: str = "Fix rounding, again"
    checks: tuple[Check, ...] = CHECKS
    engagement: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(ENGAGEMENT)))
    stamps: MemoryStamps = field(default_factory=MemoryStamps)
    now: datetime = NOW
    signing_key: bytes | None = None
    sql: tuple[str, ...] = ()
    ledger_count: int = 6

    def build(self, **options: Any) -> PackageResult:
        warehouse, manifest = self.write()
        return build_package(
            warehouse, manifest, self.engagement, self.checks, self.stamps, self.now, self.folder / "packages", "0.1.0",
            self.signing_key, **options,
        )  # fmt: skip

    def write(self) -> tuple[Path, Path]:
        """Write warehouse and manifest anew."""
        path, manifest = self.folder / "warehouse.duckdb", self.folder / "manifest.json"
        key = (self.changes, self.late_record, self.title, self.ledger_count)
        if key not in _WRITTEN:
            path.unlink(missing_ok=True)
            with duckdb.connect(str(path), config={"threads": 1}) as con:
                con.execute("set TimeZone = 'UTC'")
                con.execute("create schema marts")
                con.execute("create schema reporting")
                _marts(con, self)
                _reporting(con, self)
            _WRITTEN[key] = path.read_bytes()
        path.write_bytes(_WRITTEN[key])
        if self.sql:
            with duckdb.connect(str(path), config={"threads": 1}) as con:
                con.execute("set TimeZone = 'UTC'")
                for statement in self.sql:
                    con.execute(statement)
        manifest.write_text(json.dumps(_manifest(self.folder)), "utf-8")
        return path, manifest


def ledger_texts(count: int) -> list[str]:
    texts: list[str] = []
    previous = "0" * 64
    for n in range(1, count + 1):
        kind = "started" if n % 2 else "committed"
        window = (n + 1) // 2
        entry: dict[str, Any] = {
            "n": n, "previous_sha256": previous, "kind": kind, "collection_id": f"github-harbor.pull_requests.2026{window:02d}01T043000Z.0",
            "source": "github", "instance": "github-harbor", "resource": "pull_requests", "window_start": None,
            "window_end": f"2026-{window:02d}-01T04:30:00Z", "collected_at": f"2026-{window:02d}-01T04:30:00Z", "parameters": {"org": "harbor-payroll", "note": "é\u2028, \"x\""},
        }  # fmt: skip
        if kind == "committed":
            entry |= {
                "pages": 2, "requests": 3, "rows": 60, "distinct_keys": 60, "source_total": None, "http_statuses": {"200": 3},
                "permission": {"result": "granted", "detail": "repo:read"}, "gaps": [], "tables": {}, "state": {}, "error": None, "versions": {"code": "0.1.0"},
            }  # fmt: skip
        texts.append(json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
        previous = hashlib.sha256(texts[-1].encode()).hexdigest()
    return texts


def _marts(con: duckdb.DuckDBPyConnection, world: World) -> None:
    for control, (mart, _, _, rules) in CONTROLS.items():
        flags = ", ".join(f"{rule} boolean" for rule in rules)
        con.execute(f"create table marts.{mart} ({HEADER}, title varchar, is_privileged boolean, {flags})")
        count = 9 if control == "LA-04" else world.changes
        for i in range(count + (control != "LA-04" and world.late_record)):
            first = True if i % 17 == 3 else None if (i % 23 == 5) else False
            status = (
                "EXCEPTION"
                if first
                else "NOT_TESTABLE"
                if first is None
                else "NOT_DUE"
                if control == "LA-04" and i == 7
                else "PASS"
            )
            key = (
                f"bamboohr-us:{1000 + i}/20240{1 + i % 9}01"
                if control == "LA-04"
                else f"github-harbor:101/pr/{9000 + i * 7}"
            )
            con.execute(
                f"insert into marts.{mart} values (?, ?, 'github', 'github-harbor', timestamptz '2025-10-02 12:00:00Z' + interval (?) hour,"
                " date '2025-10-02' + ?::int, ?, ?, ?, null, ?, ?, ?, ?, false)",
                [control, key, i * 140, i * 140 // 24, status, rules[0].upper() if first else None, rules[0].upper() if first is None else None,
                 f"https://github.harbor.example/harbor-payroll/payroll/pull/{i}", world.title if i % 5 else "=cmd|'/c calc'!A1", (None, True, False)[i % 3], first],
            )  # fmt: skip
        con.execute(f"create table marts.{mart}__sources ({SOURCES})")
        con.execute(
            f"insert into marts.{mart}__sources select item_key, 'github', 'github-harbor', 'pull_requests', 'r' || item_key,"
            f" 'github-harbor.pull_requests.20260201T043000Z.0', timestamptz '2026-02-01 04:30:00Z', sha256(item_key) from marts.{mart}"
        )
    con.execute("create table marts.cm_01__code_changes__reviews as select item_key, 'APPROVED' as state, '-1' as comment, occurred_at as submitted_at"
                " from marts.cm_01__code_changes, range(2)")  # fmt: skip


def _reporting(con: duckdb.DuckDBPyConnection, world: World) -> None:
    con.execute("""create table reporting.rpt_control_matrix (control_id varchar, category varchar, question varchar, objective varchar,
        risk varchar, statement varchar, type varchar, nature varchar, frequency varchar, owner varchar, owner_email varchar, systems varchar,
        in_operation_from date, in_operation_to date, soc2_criteria varchar, key_control boolean)""")
    con.execute(
        'create table reporting.rpt_control_owners (control_id varchar, owner varchar, owner_email varchar, backup varchar, "from" date, "to" date)'
    )
    con.execute("""create table reporting.rpt_rules (rule_id varchar, control_id varchar, wording varchar, effect varchar, role varchar,
        severity varchar, escalates_on varchar, escalated_severity varchar, threshold varchar, "default" double, value double, changed_by varchar,
        changed_at timestamptz, approved_by varchar, effective_from date, effective_to date)""")
    con.execute("""create table reporting.rpt_populations (control_id varchar, population_id varchar, frame_id varchar, definition varchar,
        source_systems varchar, items bigint, first_occurred_at timestamptz, last_occurred_at timestamptz, status varchar)""")
    con.execute("""create table reporting.rpt_reconciliations (control_id varchar, reconciliation varchar, left_source varchar, right_source varchar,
        independence varchar, expected bigint, actual bigint, difference bigint, explained bigint, explained_by varchar, evidence_ref varchar,
        approved_by varchar, approved_at timestamptz, result varchar)""")
    con.execute("""create table reporting.rpt_reconciliation_differences (control_id varchar, reconciliation varchar, item_key varchar, side varchar,
        explanation varchar, explained_by varchar, approved_by varchar, first_collected_at timestamptz)""")
    con.execute("""create table reporting.rpt_restatements (instance varchar, source varchar, table_name varchar, record_key varchar, kind varchar,
        field varchar, before varchar, after varchar, before_collection_id varchar, after_collection_id varchar, after_collected_at timestamptz,
        before_sha256 varchar, after_sha256 varchar)""")
    con.execute("""create table reporting.rpt_coverage (control_id varchar, interval_start timestamptz, interval_end timestamptz, expected bigint,
        actual bigint, collected boolean, status varchar, gap_cause varchar)""")
    con.execute("""create table reporting.rpt_exception_register (exception_id varchar, type varchar, control_id varchar, rule_id varchar,
        item_key varchar, affected_from timestamptz, affected_to timestamptz, severity varchar, occurred_at timestamptz, description varchar,
        disposition varchar, disposition_evidence varchar, root_cause varchar, extent varchar, compensating_control varchar, owner varchar,
        justification varchar, remediation varchar, due_on date, approved_by varchar, approved_at timestamptz, closed_at timestamptz,
        retest_item_key varchar, status varchar)""")
    con.execute("""create table reporting.rpt_test_results (control_id varchar, test_kind varchar, statement varchar, management_test varchar,
        items bigint, passed bigint, exceptions bigint, not_testable bigint, not_due bigint, exception_rate_low double, exception_rate_high double,
        auditor_test varchar, auditor_result varchar)""")
    for control, (mart, frame, question, rules) in CONTROLS.items():
        con.execute(
            "insert into reporting.rpt_control_matrix values (?, 'x', ?, 'objective', 'risk', ?, 'preventive', 'IT-dependent manual', 'per occurrence',"
            " 'Olive Owner', 'olive@harbor.example', 'github', '2025-10-01', '2026-09-30', 'CC6.1', true)",
            [control, question, f"Statement of {control}"],
        )
        con.execute(
            "insert into reporting.rpt_control_owners values (?, 'Olive Owner', 'olive@harbor.example', 'ben@harbor.example', '2025-10-01', null)",
            [control],
        )
        for rule in rules:
            con.execute(
                "insert into reporting.rpt_rules values (?, ?, 'wording', 'exception', 'key', 'medium', ?, ?, 'days', 1, 2, 'a', null, 'b', '2025-10-01', null)",
                [
                    f"{control}.{rule.upper()}",
                    control,
                    *(("is_privileged", "high") if control != "LA-04" else (None, None)),
                ],
            )
        con.execute(
            f"insert into reporting.rpt_populations select '{control}', '{mart}', '{frame}', 'One item of {control}', 'github', count(*), min(occurred_at),"
            f" max(occurred_at), 'TESTED' from marts.{mart}"
        )
        con.execute(
            f"insert into reporting.rpt_reconciliations values ('{control}', 'changes = commits', 'git', 'github', 'other_system', 60, 60, 0, null, null, null, null, null, 'agrees')"
        )
        con.execute(
            f"insert into reporting.rpt_coverage select '{control}', timestamptz '2025-10-01 05:00:00Z' + interval (m) month,"
            " timestamptz '2025-11-01 05:00:00Z' + interval (m) month, 1, m % 4, true, 'covered', null from range(12) t(m)"
        )
        con.execute(f"""insert into reporting.rpt_exception_register select 'EX-' || left(sha256('{control}.{rules[0].upper()}' || chr(31) || item_key), 16), 'item',
            '{control}', '{control}.{rules[0].upper()}', item_key, null, null, case when '{control}' = 'LA-04' or is_privileged = false then 'medium' else 'high' end, occurred_at, 'found',
            'open', null, null, null, null, 'Olive Owner', null, null, date '2026-11-03', null, null, null, null, 'open'
            from marts.{mart} where {rules[0]}""")
        con.execute(f"""insert into reporting.rpt_exception_register select 'EX-' || left(sha256('{control}.NOT_TESTABLE' || chr(31) || item_key), 16), 'not_testable',
            '{control}', '{control}.NOT_TESTABLE', item_key, null, null, 'medium', occurred_at, 'evidence is missing',
            'open', null, null, null, null, 'Olive Owner', null, null, null, null, null, null, null, 'open'
            from marts.{mart} where status = 'NOT_TESTABLE'""")
        con.execute(f"""insert into reporting.rpt_test_results select '{control}', 'operation', 'Statement', 'Every item was tested', count(*),
            count(*) filter (where status = 'PASS'), count(*) filter (where status = 'EXCEPTION'), count(*) filter (where status = 'NOT_TESTABLE'),
            count(*) filter (where status = 'NOT_DUE'), count(*) filter (where status = 'EXCEPTION') / count(*),
            count(*) filter (where status in ('EXCEPTION', 'NOT_TESTABLE')) / count(*), null, null from marts.{mart}""")
    con.execute("create table reporting.rpt_collections (n bigint, entry varchar)")
    con.executemany(
        "insert into reporting.rpt_collections values (?, ?)",
        [[n, text] for n, text in enumerate(ledger_texts(world.ledger_count), 1)],
    )
    con.execute("create table reporting.chk_lineage as select 'github' as source, 'github-harbor' as instance, 'pull_requests' as table_name, 180 as ledger_rows,"
                " 180 as vault_rows, 60 as ledger_distinct_keys, 60 as vault_distinct_keys, 60 as staging_rows, null::bigint as source_total, 0 as difference")  # fmt: skip


def _manifest(folder: Path) -> dict[str, Any]:
    nodes = {}
    for control, (mart, _, _, _) in CONTROLS.items():
        nodes[f"model.itgc.{mart}"] = {
            "resource_type": "model", "name": mart, "schema": "marts", "description": f"Population of {control}", "config": {"meta": {"control_id": control}},
            "columns": {"item_key": {"description": "key of the item"}, "title": {"description": "title"}}, "raw_code": "select 1",
            "compiled_code": f"select * from read_parquet('{folder}/vault/x.parquet') -- {control}", "depends_on": {"nodes": ["model.itgc.int_changes"]},
        }  # fmt: skip
    nodes["model.itgc.int_changes"] = {
        "resource_type": "model", "name": "int_changes", "schema": "intermediate", "description": "", "columns": {}, "raw_code": "select 2",
        "compiled_code": "select 2", "depends_on": {"nodes": ["source.itgc.raw_git.commits"]},
    }  # fmt: skip
    return {"nodes": nodes}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> PackageResult:
    """A package that no test may change."""
    return World(tmp_path_factory.mktemp("package")).build()


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Path], Path]:
    """Copy a package, to be tampered with."""
    import shutil

    def copy(package: Path) -> Path:
        target = tmp_path / "copy"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(package, target)
        return target

    return copy
