"""The project builds on empty raw tables without a warning; the house's macros and generic tests do what they say."""

from __future__ import annotations

import importlib.util
import os
import re
from contextlib import redirect_stdout
from datetime import UTC, date, datetime
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dbt.empty_raw import create_empty_raw

ROOT = Path(__file__).parents[2]
DBT = ROOT / "dbt_project"


def invoke(project: Path, folder: Path, *arguments: str) -> Any:
    """Run dbt in this process with its target, logs and warehouse in `folder`."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ.update(
        DBT_PROFILES_DIR=str(DBT),
        DBT_TARGET_PATH=str(folder / "target"),
        DBT_LOG_PATH=str(folder / "logs"),
        ITGC_WAREHOUSE=str(folder / "warehouse.duckdb"),
    )
    try:
        with redirect_stdout(StringIO()):
            return dbtRunner().invoke(["--quiet", "--no-use-colors", *arguments, "--project-dir", str(project)])
    finally:
        # dbt-duckdb keeps the file open in this process; the next project has a file of its own
        DuckDBConnectionManager.close_all_connections()


def failures(result: Any) -> list[str]:
    if result.exception:
        return [str(result.exception)]
    return [
        f"{item.node.name}: {item.status}: {item.message}"
        for item in result.result.results
        if item.status not in {"success", "pass"}
    ]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBT_PROFILES_DIR", "DBT_TARGET_PATH", "DBT_LOG_PATH", "ITGC_WAREHOUSE"):
        monkeypatch.setenv(name, "")


@pytest.fixture(scope="module")
def empty_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    create_empty_raw(folder / "warehouse.duckdb")
    result = invoke(ROOT, folder, "--warn-error", "build", "--exclude-resource-type", "unit_test")
    assert failures(result) == []
    return folder


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(query).fetchall()


def test_nothing_collected_is_not_a_pass(empty_build: Path) -> None:
    """Without one collection every population is empty and NOT_TESTABLE, every resource uncovered for the whole period."""
    statuses = rows(empty_build, "select distinct items, status from reporting.rpt_populations")
    assert statuses == [(0, "NOT_TESTABLE")]
    gaps = rows(empty_build, "select distinct collections, round(longest_gap_days) from reporting.chk_collection_gaps")
    assert gaps == [(0, 365.0)]
    assert rows(empty_build, "select count(*) from reporting.rpt_coverage where status = 'covered'") == [(0,)]
    assert rows(empty_build, "select distinct type from reporting.rpt_exception_register") == [("not_collected",)]


def test_unit_tests_of_the_models(empty_build: Path) -> None:
    assert failures(invoke(ROOT, empty_build, "--warn-error", "test", "--select", "test_type:unit")) == []


def test_business_holidays_are_those_of_the_library() -> None:
    path = DBT / "seeds" / "calendar" / "make_business_holidays.py"
    spec = importlib.util.spec_from_file_location("make_business_holidays", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert path.with_name("business_holidays.csv").read_text(encoding="utf-8") == module.business_holidays()


# --- macros and generic tests, in a project of their own ---------------------------------------------------------------

PROJECT = """
name: itgc
version: 0.1.0
config-version: 2
profile: itgc
model-paths: [models]
macro-paths: ["{dbt}/macros", "{dbt}/tests/generic"]
flags: {{send_anonymous_usage_stats: false}}
vars: {{instant_type: {{duckdb: timestamptz}}}}
models:
  +materialized: table
"""

MODELS = {
    "exception_rules": """
        select 'CM-02' as control_id, 'CM-02.NO_CHECK' as rule_id, 'no_check' as rule_column, 'exception' as effect,
            'high' as severity, cast(null as varchar) as escalated_severity, 'no check' as wording
        union all select 'CM-02', 'CM-02.WRONG_SHA', 'wrong_sha', 'note', 'high', null, 'a note is no exception'
        union all select 'LA-01', 'LA-01.LOCAL_BYPASS', 'local_bypass', 'exception', 'medium', 'high', 'bypass'
        union all select 'LA-01', 'LA-01.ORPHAN', 'orphan', 'exception', 'high', null, 'orphan'
    """,
    "int_engagement": "select timestamptz '2026-11-01 04:00:00+00' as evidence_cutoff_at",
    "int_threshold_versions": """
        select 'LA-01' as control_id, 'dormant_days' as parameter, 90.0::double as value,
            cast(null as date) as effective_from, date '2026-01-01' as effective_to
        union all select 'LA-01', 'dormant_days', 60.0, date '2026-01-01', null
    """,
    "int_calendar_days": """
        select 'US-Federal' as calendar, day_on, is_business_day,
            count(*) filter (where is_business_day) over (order by day_on) as business_day_no
        from (
            select cast(d as date) as day_on,
                isodow(d) < 6 and cast(d as date) not in (date '2026-07-03', date '2026-11-26') as is_business_day
            from generate_series(date '2026-06-25', date '2026-12-10', interval 1 day) as days (d)
        )
    """,
    "int_employment_spells": """
        select 'p' as person_id, timestamptz '2026-01-01 00:00:00+00' as active_from,
            timestamptz '2026-02-01 00:00:00+00' as active_to, cast(null as timestamptz) as contested_from,
            timestamptz '2026-01-20 00:00:00+00' as observed_until
        union all select 'q', timestamptz '2026-01-01 00:00:00+00', null, timestamptz '2026-02-01 00:00:00+00',
            timestamptz '2026-11-01 04:00:00+00'
        union all select 's', timestamptz '2026-01-01 00:00:00+00', null, null, timestamptz '2026-01-20 00:00:00+00'
    """,
    "statuses": """
        select k, {{ item_status('CM-02') }} as status, {{ item_status('CM-02', due_at='due_at') }} as status_due,
            {{ rules_failed('CM-02') }} as failed, {{ rules_not_testable('CM-02') }} as not_testable,
            {{ rules_not_applicable('CM-02', always=['no_required_test', 'no_check', 'not_success', 'skipped_neutral',
                'rerun_after', 'wrong_sha', 'check_removed']) }} as not_applicable
        from {{ ref('cm_02') }}
    """,
    "cm_02": """
        with cases (k, no_required_test, no_check, wrong_sha, check_removed, deploy_untested, deploy_untested__applies, due_at) as (
            values
            ('pass', false, false, false, false, false, true, timestamptz '2026-10-01 00:00:00+00'),
            ('fails', false, true, true, false, null, true, timestamptz '2026-10-01 00:00:00+00'),
            ('unknown', null, false, false, false, false, true, timestamptz '2026-10-01 00:00:00+00'),
            ('fails and unknown', null, true, false, false, false, true, timestamptz '2026-10-01 00:00:00+00'),
            ('supplementary', false, false, false, null, false, true, timestamptz '2026-10-01 00:00:00+00'),
            ('inapplicable', false, false, false, false, false, false, timestamptz '2026-10-01 00:00:00+00'),
            ('due at the cutoff', false, false, false, false, false, true, timestamptz '2026-11-01 04:00:00+00'),
            ('not due', false, false, false, false, false, true, timestamptz '2026-11-01 04:00:01+00'),
            ('due unknown', false, false, false, false, false, true, null)
        )
        select *, k as item_key, due_at as occurred_at, false as not_success, false as skipped_neutral, false as rerun_after
        from cases
    """,
    "exc_cm_02": "{{ exceptions_of('CM-02', ref('cm_02')) }}",
    "la_01": """
        select *, timestamptz '2026-10-01 00:00:00+00' as occurred_at, false as shared, false as dormant, false as no_owner,
            false as guest_no_sponsor
        from (values ('plain', true, false, false), ('privileged', true, true, false), ('unknown', true, null, true))
            as items (item_key, local_bypass, is_privileged, orphan)
    """,
    "exc_la_01": "{{ exceptions_of('LA-01', ref('la_01')) }}",
    "thresholds_used": """
        select {{ threshold('LA-01', 'dormant_days', 'days.day_on') }} as value, day_on
        from (values (date '2025-12-31'), (date '2026-01-01')) as days (day_on)
    """,
    "business_days": """
        select day_on, n, {{ add_business_days('days.day_on', 'days.n', "'US-Federal'") }} as due_on
        from (values (date '2026-07-02', 1), (date '2026-07-03', 1), (date '2026-07-04', 0), (date '2026-11-25', 1),
            (date '2026-07-01', 2), (date '2026-12-10', 1)) as days (day_on, n)
    """,
    "active": """
        select cases.*, {{ is_active_worker('cases.person_id', 'cases.seen_at') }} as is_active
        from (values ('p', timestamptz '2026-01-15 00:00:00+00'), ('p', timestamptz '2026-02-01 00:00:00+00'),
            ('q', timestamptz '2026-01-15 00:00:00+00'), ('q', timestamptz '2026-02-15 00:00:00+00'),
            ('s', timestamptz '2026-01-20 00:00:00+00'), ('s', timestamptz '2026-02-01 00:00:00+00'),
            ('r', timestamptz '2026-01-15 00:00:00+00'), (null, timestamptz '2026-01-15 00:00:00+00')) as cases (person_id, seen_at)
    """,
    "texts": """
        select {{ exception_id("'CM-01.NO_PR'", "'github-harbor:101/pr/5'") }} as id,
            {{ zoned_text_to_instant("'2026-03-29 01:30:00'", "'America/New_York'") }} as local,
            {{ zoned_text_to_instant("'2026-03-29T01:30:00+02:00'", "'America/New_York'") }} as offsets,
            {{ zoned_text_to_instant("'2026-03-29'", "'America/New_York'") }} as no_instant,
            {{ zoned_text_to_instant("'2026-03-29'", "'Europe/London'", date_is_last_second=true) }} as last_second,
            {{ start_of_day("date '2026-03-08'", "'America/New_York'") }} as spring,
            {{ end_of_day("date '2026-11-01'", "'America/New_York'") }} as autumn,
            {{ number_to_text('90.0::double') }} as whole,
            {{ number_to_text('0.05::double') }} as fraction,
            {{ json_text("payload", '$.null') }} as json_null,
            {{ json_date("payload", '$.never') }} as never,
            {{ json_bigint("payload", '$.word') }} as word
        from (select '{"null":null,"never":"0000-00-00","word":"x"}' as payload)
    """,
    "globs": """
        select path, pattern, {{ matches_glob('cases.path', 'cases.pattern') }} as is_match
        from (values ('a/release_1', 'a/release_1'), ('a/releaseX1', 'a/release_1'), ('a/release/1', 'a/release*'),
            ('a/release/1', 'a/*/1'), ('a/b/c/1', 'a/*/1'), ('a/b/c/1', 'a/**/1'), ('a/1', 'a/**/1'), ('a/b/1', '**/1'),
            ('a/b/c', 'a/**'), ('a/b', 'a/**'), ('a/b/c', 'a/**/*'), ('a/v1', 'a/v?'), ('a/v', 'a/v?'), ('a/v/', 'a/v?'),
            ('a/v1', 'a/v[0-9]'), ('a/vx', 'a/v[0-9]'), ('a/vx', 'a/v[!0-9]'), ('a/v/', 'a/v[!0-9]'), ('a/v1', 'a/v[^0-9]'),
            ('a/v1.2', 'a/v1.2'), ('a/v1x2', 'a/v1.2'), ('a/v', 'a/[v'), ('a/[v', 'a/[v'), ('xa/b', 'a/b'), ('a/bx', 'a/b'),
            ('a/b+(c)', 'a/b+(c)'), ('a/b%', 'a/b%'), ('a/bc', 'a/b%')) as cases (path, pattern)
    """,
    "items": """
        select k, part.item, part.item_no
        from (values (1, '{"x":["a",{"b":"2"}]}'), (2, '{"x":[]}'), (3, '{}'), (4, '{"x":"a"}')) as records (k, payload)
        {{ json_items('records.payload', '$.x', 'part') }}
    """,
    "union_of_none": "{{ union_models([], {'item_key': 'string', 'n': 'bigint'}) }}",
    "union_of_two": "{{ union_models([ref('la_01'), ref('cm_02')], {'item_key': 'string'}) }}",
    "bad": """
        select * from (values ('a', 'x', 1, timestamptz '2026-01-01 00:00:00+00', timestamptz '2026-02-01 00:00:00+00'),
            ('a', 'x', 1, timestamptz '2026-01-15 00:00:00+00', null), ('=cmd', 'x', null, null, null))
            as broken (item_key, status, n, valid_from, valid_to)
    """,
    "good": """
        select * from (values ('a:1/2.b_c-d', 'x', 1, timestamptz '2026-01-01 00:00:00+00', timestamptz '2026-02-01 00:00:00+00'),
            ('a', 'x', 1, timestamptz '2026-02-01 00:00:00+00', null), ('A', 'x', null, timestamptz '2026-02-01 00:00:00+00', null))
            as sound (item_key, status, n, valid_from, valid_to)
    """,
    "marked_good": "select *, 'CM-02' as control_id, status_of as status from {{ ref('marked') }}",
    "marked_bad": "select *, 'CM-02' as control_id, 'PASS' as status from {{ ref('marked') }}",
    "marked": """
        select *, {{ item_status('CM-02') }} as status_of, {{ rules_failed('CM-02') }} as rules_failed,
            {{ rules_not_testable('CM-02') }} as rules_not_testable
        from {{ ref('cm_02') }} where k <> 'not due'
    """,
}  # fmt: skip

SCHEMA = """
version: 2
models:
  - name: {name}
    data_tests:
      - unique_combination: {{name: {name}_unique, arguments: {{columns: [status, {unique}]}}}}
      - no_overlap: {{name: {name}_overlap, arguments: {{key: [item_key], valid_from: valid_from, valid_to: valid_to}}}}
      - rows_equal: {{name: {name}_rows, arguments: {{to: ref('{other}')}}}}
    columns:
      - name: item_key
        data_tests: [{{item_key_format: {{name: {name}_format}}}}]
  - name: marked_{name}
    data_tests:
      - status_follows_rules: {{name: {name}_status, arguments: {{control_id: CM-02}}}}
      - pass_requires: {{name: {name}_pass, arguments: {{condition: rules_failed is null}}}}
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A small project that uses the macros and the generic tests; what each of its tests said."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "models").mkdir()
    (folder / "dbt_project.yml").write_text(PROJECT.format(dbt=DBT), encoding="utf-8")
    for name, text in MODELS.items():
        (folder / "models" / f"{name}.sql").write_text(text, encoding="utf-8")
    for name, unique, other in (("good", "item_key", "bad"), ("bad", "n", "cm_02")):
        text = SCHEMA.format(name=name, unique=unique, other=other)
        (folder / "models" / f"{name}.yml").write_text(text, encoding="utf-8")
    result = invoke(folder, folder, "build")
    assert not result.exception, result.exception
    said = {item.node.name: str(item.status) for item in result.result.results}
    assert {name: said[name] for name in MODELS if said[name] != "success"} == {}, failures(result)
    return folder, said


def table(house: tuple[Path, dict[str, str]], name: str) -> list[tuple[Any, ...]]:
    return rows(house[0], f"select * from main.{name} order by all")


@pytest.mark.parametrize("test", ["unique", "overlap", "rows", "format", "status", "pass"])
def test_generic_tests_pass_and_fail(house: tuple[Path, dict[str, str]], test: str) -> None:
    assert house[1][f"good_{test}"] == "pass"
    assert house[1][f"bad_{test}"] == "fail"


def test_globs_keep_to_one_part_of_a_path(house: tuple[Path, dict[str, str]]) -> None:
    assert {row[:2] for row in table(house, "globs") if row[2]} == {
        ("a/release_1", "a/release_1"),
        ("a/release/1", "a/*/1"),
        ("a/b/c/1", "a/**/1"),
        ("a/1", "a/**/1"),
        ("a/b/1", "**/1"),
        ("a/b", "a/**"),
        ("a/b/c", "a/**/*"),
        ("a/v1", "a/v?"),
        ("a/v1", "a/v[0-9]"),
        ("a/vx", "a/v[!0-9]"),
        ("a/v1.2", "a/v1.2"),
        ("a/b+(c)", "a/b+(c)"),
        ("a/b%", "a/b%"),
    }
    assert {row[2] for row in table(house, "globs")} == {True, False}


def test_status_and_rule_lists(house: tuple[Path, dict[str, str]]) -> None:
    got = {row[0]: row[1:] for row in table(house, "statuses")}
    assert got == {
        "pass": ("PASS", "PASS", None, None, None),
        "fails": ("EXCEPTION", "EXCEPTION", "NO_CHECK;WRONG_SHA", "DEPLOY_UNTESTED", None),
        "unknown": ("NOT_TESTABLE", "NOT_TESTABLE", None, "NO_REQUIRED_TEST", None),
        "fails and unknown": ("EXCEPTION", "EXCEPTION", "NO_CHECK", "NO_REQUIRED_TEST", None),
        "supplementary": ("PASS", "PASS", None, "CHECK_REMOVED", None),
        "inapplicable": ("PASS", "PASS", None, None, "DEPLOY_UNTESTED"),
        "due at the cutoff": ("PASS", "PASS", None, None, None),
        "not due": ("PASS", "NOT_DUE", None, None, None),
        "due unknown": ("PASS", "NOT_TESTABLE", None, None, None),
    }


def test_exceptions_and_escalation(house: tuple[Path, dict[str, str]]) -> None:
    at = datetime(2026, 10, 1, tzinfo=UTC)
    assert table(house, "exc_cm_02") == [
        ("CM-02", "CM-02.NO_CHECK", "fails", "high", at, "no check"),
        ("CM-02", "CM-02.NO_CHECK", "fails and unknown", "high", at, "no check"),
    ]
    assert [row[1:4] for row in table(house, "exc_la_01")] == [
        ("LA-01.LOCAL_BYPASS", "plain", "medium"),
        ("LA-01.LOCAL_BYPASS", "privileged", "high"),
        ("LA-01.LOCAL_BYPASS", "unknown", "high"),
        ("LA-01.ORPHAN", "unknown", "high"),
    ]


def test_thresholds_business_days_and_active_workers(house: tuple[Path, dict[str, str]]) -> None:
    assert [row[0] for row in table(house, "thresholds_used")] == [60.0, 90.0]
    assert {(row[0], row[1]): row[2] for row in table(house, "business_days")} == {
        (date(2026, 7, 2), 1): date(2026, 7, 6),
        (date(2026, 7, 3), 1): date(2026, 7, 6),
        (date(2026, 7, 4), 0): date(2026, 7, 2),
        (date(2026, 11, 25), 1): date(2026, 11, 27),
        (date(2026, 7, 1), 2): date(2026, 7, 6),
        (date(2026, 12, 10), 1): None,
    }
    assert {(row[0], row[1].month): row[2] for row in table(house, "active")} == {
        ("p", 1): True,
        ("p", 2): False,
        ("q", 1): True,
        ("q", 2): None,
        ("r", 1): False,
        ("s", 1): True,
        ("s", 2): None,
        (None, 1): None,
    }


def test_texts_instants_and_json(house: tuple[Path, dict[str, str]]) -> None:
    ((identifier, local, offset, nothing, last, spring, autumn, *texts),) = table(house, "texts")
    digest = sha256(b"CM-01.NO_PR\x1fgithub-harbor:101/pr/5").hexdigest()
    assert identifier == f"EX-{digest[:16]}"
    assert (local, offset) == (datetime(2026, 3, 29, 5, 30, tzinfo=UTC), datetime(2026, 3, 28, 23, 30, tzinfo=UTC))
    assert (nothing, last) == (None, datetime(2026, 3, 29, 22, 59, 59, tzinfo=UTC))
    assert (spring, autumn) == (datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC))
    assert texts == ["90", "0.05", None, None, None]
    assert table(house, "items") == [(1, "a", 1), (1, '{"b":"2"}', 2)]


def test_unions_are_typed_even_when_empty(house: tuple[Path, dict[str, str]]) -> None:
    assert table(house, "union_of_none") == []
    assert {row[1] for row in table(house, "union_of_two")} == {"la_01", "cm_02"}
    described = rows(house[0], "describe main.union_of_none")
    assert [(row[0], row[1]) for row in described] == [
        ("item_key", "VARCHAR"),
        ("n", "BIGINT"),
        ("model_name", "VARCHAR"),
    ]


def test_every_macro_has_a_comment() -> None:
    """A reader finds what a macro means above it; thin wrappers of one line are plain by themselves."""
    silent = [
        path.name for path in (DBT / "macros").rglob("*.sql") if not re.search(r"\{#", path.read_text(encoding="utf-8"))
    ]
    assert silent == []
