"""Catalogue, rule lists, marts, exceptions views and unions agree: a control or a rule that is missing somewhere fails here."""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

DBT = Path(__file__).parents[2] / "dbt_project"
HEADER = [
    "control_id",
    "item_key",
    "system",
    "instance",
    "occurred_at",
    "occurred_on",
    "status",
    "rules_failed",
    "rules_not_testable",
    "rules_not_applicable",
    "evidence_url",
]
SOURCES = [
    "item_key",
    "source",
    "instance",
    "resource",
    "record_key",
    "collection_id",
    "collected_at",
    "payload_sha256",
]


def seed(name: str) -> list[dict[str, str]]:
    with (DBT / "seeds" / "catalogue" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CONTROLS = {row["control_id"]: row for row in seed("controls")}


def slug(control_id: str) -> str:
    return control_id.lower().replace("-", "_")


@lru_cache
def rule_lists() -> dict[str, list[tuple[str, str, str | None]]]:
    """What macros/rules.sql returns, rendered as dbt would."""
    returned: list[Any] = []
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["return"] = returned.append
    template = environment.from_string((DBT / "macros" / "rules.sql").read_text(encoding="utf-8"))
    template.module.rules_by_control()  # type: ignore[attr-defined]
    return dict(returned[0])


@lru_cache
def models() -> dict[str, dict[str, Any]]:
    """Every model that a YAML file describes, by name."""
    found: dict[str, dict[str, Any]] = {}
    for path in (DBT / "models").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models") or []:
            found[model["name"]] = model
    return found


def sql(name: str) -> str:
    (path,) = (DBT / "models").rglob(f"{name}.sql")
    return path.read_text(encoding="utf-8")


def refs(text: str) -> list[str]:
    return re.findall(r"""ref\(\s*['"]([a-z0-9_]+)['"]\s*\)""", text)


def columns(name: str) -> list[str]:
    return [column["name"] for column in models()[name]["columns"]]


def test_rule_seed_and_rule_lists_agree_in_order() -> None:
    from_seed: dict[str, list[tuple[str, str, str | None]]] = {}
    for row in seed("exception_rules"):
        assert row["rule_id"] == f"{row['control_id']}.{row['rule_column'].upper()}"
        assert bool(row["escalates_on"]) == bool(row["escalated_severity"]), row["rule_id"]
        from_seed.setdefault(row["control_id"], []).append(
            (row["rule_column"], row["role"], row["escalates_on"] or None)
        )
    assert from_seed == rule_lists()
    assert from_seed.keys() == CONTROLS.keys()


def test_thresholds_of_rules_and_models_stand_in_the_seed() -> None:
    known = {(row["control_id"], row["parameter"]) for row in seed("thresholds")}
    named = {
        (row["control_id"], parameter)
        for row in seed("exception_rules")
        for parameter in row["threshold"].split(";")
        if parameter
    }
    assert named == known
    used = {
        pair
        for path in (DBT / "models").rglob("*.sql")
        for pair in re.findall(r"threshold\(\s*'([A-Z]{2}-\d\d)'\s*,\s*'([a-z_]+)'", path.read_text(encoding="utf-8"))
    }
    assert used <= known


@pytest.mark.parametrize("control_id", CONTROLS)
def test_mart_has_the_header_and_one_column_per_rule(control_id: str) -> None:
    control = CONTROLS[control_id]
    population = control["population_id"]
    (path,) = (DBT / "models" / "marts").rglob(f"{population}.sql")
    assert path.parent.name == control["category"]
    assert population.startswith(f"{slug(control_id)}__")
    model = models()[population]
    meta = model["config"]["meta"]
    assert meta["control_id"] == control_id
    assert meta.get("frame_id", control_id) == control["frame_id"]
    rules = [rule for rule, _, _ in rule_lists()[control_id]]
    described = columns(population)
    assert described[: len(HEADER)] == HEADER
    assert described[-len(rules) :] == rules
    types = {column["name"]: column.get("data_type") for column in model["columns"]}
    assert {types[rule] for rule in rules} == {"boolean"}
    for _, _, escalates_on in rule_lists()[control_id]:
        assert escalates_on is None or types[escalates_on] == "boolean"
    assert not [name for name in described if name.endswith("__applies")]
    assert all(column.get("description") for column in model["columns"])
    text = path.read_text(encoding="utf-8")
    for macro in ("item_status", "rules_failed", "rules_not_testable", "rules_not_applicable"):
        assert re.search(rf"{macro}\(\s*'{control_id}'", text), f"{population} does not use {macro}('{control_id}')"


@pytest.mark.parametrize("control_id", CONTROLS)
def test_population_has_its_sources(control_id: str) -> None:
    assert columns(f"{CONTROLS[control_id]['population_id']}__sources") == SOURCES


@pytest.mark.parametrize("control_id", CONTROLS)
def test_exceptions_view_unpivots_its_mart(control_id: str) -> None:
    name = f"exc_{slug(control_id)}"
    (path,) = (DBT / "models" / "exceptions").rglob(f"{name}.sql")
    assert path.parent.name == CONTROLS[control_id]["category"]
    population = CONTROLS[control_id]["population_id"]
    assert re.search(rf"exceptions_of\('{control_id}',\s*ref\('{population}'\)\)", path.read_text(encoding="utf-8"))
    assert name in models()


@pytest.mark.parametrize(
    ("union", "member"),
    [
        ("int_population_items", "{population_id}"),
        ("int_exceptions", "exc_{slug}"),
        ("int_reconciliations", "int_{slug}_reconciliations"),
        ("int_reconciliation_differences", "int_{slug}_reconciliation_differences"),
    ],
)
def test_unions_hold_every_control_and_nothing_else(union: str, member: str) -> None:
    expected = [member.format(slug=slug(control_id), **control) for control_id, control in CONTROLS.items()]
    assert sorted(refs(sql(union))) == sorted(expected)


def test_nothing_stands_outside_the_catalogue() -> None:
    populations = {control["population_id"] for control in CONTROLS.values()}
    stray = [
        path.stem
        for path in (DBT / "models" / "marts").rglob("*.sql")
        if not any(path.stem == name or path.stem.startswith(f"{name}__") for name in populations)
    ]
    assert stray == []
    views = {path.stem for path in (DBT / "models" / "exceptions").rglob("*.sql")}
    assert views == {f"exc_{slug(control_id)}" for control_id in CONTROLS}


def test_frames_are_controls_of_the_catalogue() -> None:
    assert {control["frame_id"] for control in CONTROLS.values()} <= CONTROLS.keys()


def test_reporting_models_hold_the_columns_of_the_package() -> None:
    from orchestration.report_package import columns as package

    own = {name for names in package.PACKAGE_ONLY.values() for name in names}
    for name, wanted in {
        "rpt_control_matrix": package.CONTROL_MATRIX,
        "rpt_control_owners": package.CONTROL_OWNERS,
        "rpt_rules": package.RULES,
        "rpt_populations": package.POPULATIONS,
        "rpt_reconciliations": package.RECONCILIATIONS,
        "rpt_coverage": package.COVERAGE,
        "rpt_reconciliation_differences": package.RECONCILIATION_DIFFERENCES,
        "rpt_restatements": package.RESTATEMENTS,
        "rpt_exception_register": package.EXCEPTION_REGISTER,
        "rpt_test_results": package.TEST_RESULTS,
        "rpt_collections": package.COLLECTIONS,
    }.items():
        here = columns(name)
        assert [column for column in here if column not in own] == [c.name for c in wanted if c.name not in own], name


def test_resources_of_the_catalogue_are_those_of_the_connectors() -> None:
    from ingestion import sources

    declared = {
        (source, resource.name, resource.kind, str(resource.retention.days) if resource.retention else "")
        for source in sources.SOURCES
        for resource in sources.connector(source).RESOURCES
    }
    assert {
        (row["source"], row["resource"], row["kind"], row["retention_days"]) for row in seed("resources")
    } == declared


def test_every_control_rests_on_resources_that_are_collected() -> None:
    rests_on = [(row["source"], row["resource"]) for row in seed("control_resources")]
    collected = {(row["source"], row["resource"]) for row in seed("resources") if row["role"] != "supplementary"}
    assert set(rests_on) <= collected
    assert {row["control_id"] for row in seed("control_resources")} == CONTROLS.keys()
    for control_id, control in CONTROLS.items():
        sources = {row["source"] for row in seed("control_resources") if row["control_id"] == control_id}
        assert sources <= set(control["source_systems"].split(";")), control_id


def test_raw_tables_of_the_models_are_those_of_the_connectors() -> None:
    from ingestion.sources import RAW_TABLES
    from tests.dbt.empty_raw import raw_tables

    declared = raw_tables()
    declared.pop("raw_ledger")
    assert {schema: sorted(tables) for schema, tables in declared.items()} == {
        f"raw_{source}": sorted(tables) for source, tables in RAW_TABLES.items()
    }


def test_lineage_counts_every_collected_table() -> None:
    from ingestion.sources import RAW_TABLES

    counted = set(re.findall(r"lineage_counts\('([a-z_]+)', '([a-z_]+)'", sql("chk_lineage")))
    collected = {(source, table) for source, tables in RAW_TABLES.items() if source != "itgc" for table in tables}
    assert counted == collected | {("itgc", "detections")}


def test_engine_constructs_stand_in_the_engine_macros_only() -> None:
    foreign = re.compile(
        r"\b(strftime|unnest|generate_series|json_extract(_string)?|date_diff|to_days|epoch(_us|_ms)?|list_sort"
        r"|array_to_string|regexp_(matches|extract)|timezone|string_split|string_agg|arg_max|arg_min|at time zone)\b\s*\(?",
        re.IGNORECASE,
    )
    comment = re.compile(r"--[^\n]*|\{#.*?#\}", re.DOTALL)
    found = [
        f"{path.relative_to(DBT)}: {match.group(0)}"
        for folder in ("models", "macros", "tests")
        for path in sorted((DBT / folder).rglob("*.sql"))
        if "engine" not in path.parts
        for match in [foreign.search(comment.sub("", path.read_text(encoding="utf-8")))]
        if match
    ]
    assert found == []


def models_sql() -> dict[str, str]:
    """SQL outside the engine macros by path, without comments and without what macros write."""
    comment = re.compile(r"--[^\n]*|\{#.*?#\}", re.DOTALL)
    return {
        path.relative_to(DBT).as_posix(): comment.sub("", path.read_text(encoding="utf-8"))
        for folder in ("models", "macros", "tests")
        for path in sorted((DBT / folder).rglob("*.sql"))
        if "engine" not in path.parts
    }


# What was shown to read the same on DuckDB and Spark (tests/spark). Not here, because they differ: concat (nulls), max_by (nulls),
# trim (which blanks), lower and upper (which letters), starts_with, any_value, date and JSON functions, regular expressions.
SAME_ON_BOTH = {
    "abs",
    "bool_and",
    "bool_or",
    "cast",
    "chr",
    "coalesce",
    "concat_ws",
    "count",
    "extract",
    "filter",
    "first_value",
    "greatest",
    "lag",
    "lead",
    "least",
    "left",
    "length",
    "lpad",
    "max",
    "min",
    "nullif",
    "over",
    "replace",
    "row_number",
    "split_part",
    "substr",
    "sum",
    "translate",
    "try_cast",
}
NO_FUNCTIONS = {"and", "as", "exists", "from", "in", "join", "not", "on", "or", "select", "then", "when", "where"}
UNLIKE = re.compile(
    r"->|//|::|[\[\]{}]|\b(?:ilike|similar|asof|at time zone|interval|ignore nulls|distinct on)\b|,\s*(?:from\b|\))"
)


def test_what_engines_read_differently_is_a_macro() -> None:
    """A function that is new here: try it on both engines (`make test-spark`), then add it, or write a macro in macros/engine/."""
    found = {}
    for path, text in models_sql().items():
        plain = re.sub(r"'[^']*'", "''", re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " written ", text, flags=re.DOTALL))
        called = set(re.findall(r"\b([a-z_][a-z0-9_]*)\s*\(", plain)) - SAME_ON_BOTH - NO_FUNCTIONS - {"written"}
        if wrong := sorted(called | set(UNLIKE.findall(plain))):
            found[path] = wrong
    assert found == {}


def test_every_ascending_order_says_where_nulls_go() -> None:
    """Spark puts them first, DuckDB last."""
    orders = re.compile(r"\border by\s+((?:[^()]|\((?:[^()]|\([^()]*\))*\))*?)(?=\)|\s+rows\b|\Z)")
    found = [
        f"{path}: {item.strip()}"
        for path, text in models_sql().items()
        for order in orders.findall(re.sub(r"\{\{.*?\}\}", "written", text, flags=re.DOTALL))
        for item in re.split(r",(?![^(]*\))", order)
        if not re.search(r"(\bdesc|nulls (first|last))$", item.strip())
    ]
    assert found == []


def test_only_the_engagement_models_read_variables() -> None:
    readers = {
        path.stem
        for folder in ("models", "macros")
        for path in (DBT / folder).rglob("*.sql")
        if re.search(r"\bvar\(", re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL))
    }
    assert readers == {"int_engagement", "int_source_instances", "time"}, "macros/engine/time.sql reads instant_type"


def test_no_clock_in_the_models() -> None:
    clock = re.compile(r"\b(now\(|current_date|current_timestamp|get_current|today\()", re.IGNORECASE)
    found = [
        path.stem
        for path in DBT.rglob("*.sql")
        if clock.search(re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8")))
    ]
    assert found == []
