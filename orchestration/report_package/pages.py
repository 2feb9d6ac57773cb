"""The pages of the package: index.html, data_checks.html, README.txt and the narratives, from templates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from orchestration.report_package import charts, ipe
from orchestration.report_package.completeness import CheckResult, uncollected, unexplained
from orchestration.report_package.csv_export import cell_text, instant_text
from orchestration.report_package.registers import SEED_KNOWN

if TYPE_CHECKING:
    from jinja2 import Environment

    from orchestration.report_package.engagement import Engagement
    from orchestration.report_package.ledger import LedgerEntry
    from orchestration.report_package.warehouse import Mart, Warehouse

DASH = "\u2013"
SEVERITIES = ("high", "medium", "low")
FINDINGS = ("item", "not_testable", "control_not_operated", "not_collected")
OUTCOMES = ("passed", "exceptions", "not_testable", "not_due")
Rows = list[dict[str, Any]]
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass(frozen=True)
class Context:
    """Everything the pages are made of."""

    warehouse: Warehouse
    engagement: Engagement
    now: datetime
    code_version: str
    prepared_by: str
    reasons: Sequence[str]
    checks: Sequence[CheckResult]
    populations: Sequence[Mart]
    sources: Mapping[str, Mart]
    population_rows: Rows
    plan_rows: Rows
    superseded: Mapping[str, int]
    entries: Sequence[LedgerEntry]
    ledger_head: str
    key_id: str


def instant(value: object) -> str:
    """Return an instant as text, or an empty text."""
    return instant_text(value) if isinstance(value, datetime) else cell_text(value)


def render(context: Context) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of every page and narrative."""
    import duckdb

    environment = _environment()
    shared: dict[str, Any] = {
        "engagement": context.engagement,
        "state": "INCOMPLETE" if context.reasons else "CHECKS_PASSED",
        "reasons": context.reasons,
        "key_id": context.key_id,
        "code_version": context.code_version,
        "ledger_head": context.ledger_head,
        "populations": context.population_rows,
        "plans": context.plan_rows,
        "controls": context.warehouse.reporting("rpt_control_matrix"),
        "seed_known": any(SEED_KNOWN in str(row["basis"]) for row in context.plan_rows),
    }
    checks = sorted(context.checks, key=lambda check: check.check_id)
    shared["checks"] = checks
    yield "index.html", environment.get_template("index.html.j2").render(**shared, **_index(context))
    yield "data_checks.html", environment.get_template("data_checks.html.j2").render(**shared)
    yield "README.txt", environment.get_template("README.txt.j2").render(**shared)
    template = environment.get_template("ipe.md.j2")
    for mart in context.populations:
        facts = ipe.facts(context.warehouse, mart, context.sources.get(mart.control_id), context.entries)
        yield (
            f"ipe/{mart.control_id}.md",
            template.render(
                **shared,
                **facts,
                **_control(context, mart),
                prepared_by=context.prepared_by,
                engine=duckdb.__version__,
                last_collected=_last_collected(context.entries),
            ),
        )


def summary(context: Context) -> dict[str, Any]:
    """Return the figures a command line shows."""
    results = _counted(context.warehouse)
    questions = {row["control_id"]: row["question"] for row in context.warehouse.reporting("rpt_control_matrix")}
    names = ("control_id", "items", *OUTCOMES)
    controls = [{**{n: row[n] for n in names}, "question": questions.get(row["control_id"], "")} for row in results]
    found: dict[str, int] = dict.fromkeys((*SEVERITIES, *(name.replace("_", " ") for name in FINDINGS[1:])), 0)
    for row in context.warehouse.reporting("rpt_exception_register"):
        kind = row["severity"] if row["type"] == "item" else str(row["type"]).replace("_", " ")
        found[kind] = found.get(kind, 0) + 1
    return {
        "controls": controls,
        "exceptions": {kind: count for kind, count in found.items() if count},
        "signed": bool(context.key_id),
    }


def _counted(warehouse: Warehouse) -> Rows:
    """Return the results that count items, by control."""
    return [row for row in warehouse.reporting("rpt_test_results") if row["items"] is not None]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("orchestration.report_package", "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    environment.filters["count"] = _count
    environment.filters["rate"] = lambda value: DASH if value is None else f"{float(value):.1%}"
    environment.filters["one_line"] = lambda value: " ".join(cell_text(value).split())
    environment.filters["listed"] = lambda value: cell_text(value).replace(";", ", ") or DASH
    environment.filters["md"] = _markdown
    environment.filters["words"] = lambda value: cell_text(value).replace("_", " ")
    return environment


def _cell(value: object) -> str:
    """Text of a value on a page; a dash for nothing."""
    if isinstance(value, float):
        return f"{value:g}"
    text = cell_text(value) or DASH
    return f"{text[:10]} {text[11:-1]} UTC" if _INSTANT.fullmatch(text) else text


def _count(value: object) -> str:
    return DASH if value is None else f"{value:,}" if isinstance(value, int) else cell_text(value)


def _markdown(value: object) -> str:
    """Text of a value inside Markdown: one line that opens neither a table cell nor a tag."""
    text = " ".join(cell_text(value).split()) or DASH
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")


def _last_collected(entries: Sequence[LedgerEntry]) -> str:
    instants = [
        str(e.facts["collected_at"]) for e in entries if e.facts.get("source") != "itgc" and e.facts.get("collected_at")
    ]
    return max(instants, default="")


# --- index.html ----------------------------------------------------------------------------------------------------


def _index(context: Context) -> dict[str, Any]:
    warehouse = context.warehouse
    results = _counted(warehouse)
    reconciliations = warehouse.reporting("rpt_reconciliations")
    for row in reconciliations:
        row["open"] = unexplained(row)
    by_severity = _exceptions(warehouse)
    today, until = context.engagement.week_from(context.now)
    return {
        "results": results,
        "outcomes": charts.shares([(str(row["control_id"]), [row[name] or 0 for name in OUTCOMES]) for row in results]),
        "exceptions": by_severity,
        "severity_bars": charts.bars([(row["control_id"], [row[name] for name in SEVERITIES]) for row in by_severity]),
        "severities": SEVERITIES,
        "findings": FINDINGS,
        "dispositions": warehouse.rows(
            "select coalesce(disposition, 'open') as disposition, count(*) as n from reporting.rpt_exception_register"
            " group by all order by all"
        ),
        "rules_hit": _rules_hit(warehouse),
        "reconciliations": reconciliations,
        "coverage": _coverage(context),
        "restatements": _restatements(warehouse),
        "evaluated": _evaluated(context, results),
        "disclosed": _disclosed(warehouse),
        "unproven": [row["control_id"] for row in context.plan_rows if SEED_KNOWN in str(row["basis"])],
        "thresholds": _thresholds(warehouse),
        "due": _due(warehouse, today, until),
        "today": today,
        "until": until,
        "superseded": {control: n for control, n in context.superseded.items() if n},
        "now": instant_text(context.now),
        "entries": len(context.entries),
        "last_collected": _last_collected(context.entries),
        "files": {mart.control_id: mart.file for mart in context.populations},
    }


def _exceptions(warehouse: Warehouse) -> Rows:
    counts = ", ".join(
        [f"count(*) filter (where type = 'item' and severity = '{name}') as {name}" for name in SEVERITIES]
        + [f"count(*) filter (where type = '{name}') as {name}" for name in FINDINGS]
    )
    return warehouse.rows(
        f"select control_id, {counts}, count(*) filter (where closed_at is null) as open"  # noqa: S608 - constants
        " from reporting.rpt_exception_register group by control_id order by control_id"
    )


def _rules_hit(warehouse: Warehouse) -> Rows:
    return warehouse.rows(
        "select e.control_id, e.rule_id, any_value(r.wording) as wording, count(distinct e.exception_id) as n,"
        " count(distinct e.exception_id) filter (where e.severity = 'high') as high"
        " from reporting.rpt_exception_register as e"
        " left join reporting.rpt_rules as r on r.rule_id = e.rule_id"
        " where e.type = 'item' group by e.control_id, e.rule_id order by e.control_id, n desc, e.rule_id"
    )


def _thresholds(warehouse: Warehouse) -> Rows:
    return warehouse.rows(
        'select rule_id, threshold, "default" as preset, value, changed_by, approved_by, effective_from'
        ' from reporting.rpt_rules where threshold is not null and value is distinct from "default"'
        " order by rule_id, effective_from"
    )


def _evaluated(context: Context, results: Rows) -> dict[str, int]:
    """Return how many items there are, a frame that controls share counted once, and how many results."""
    frames = {row["frame_id"]: int(row["items"]) for row in context.population_rows}
    return {
        "items": sum(frames.values()),
        "results": sum(int(row["items"]) for row in results),
        "not_testable": sum(int(row["not_testable"] or 0) for row in results),
    }


def _disclosed(warehouse: Warehouse) -> Rows:
    """Return the resources with a gap that only supplementary rules feel: no interval is uncovered by it."""
    if not warehouse.has("chk_collection_gaps"):
        return []
    return warehouse.rows(
        "select instance, resource, gap_from from reporting.chk_collection_gaps"
        " where is_within_retention is null and gap_from is not null order by instance, resource"
    )


def _restatements(warehouse: Warehouse) -> dict[str, Any]:
    """Return how many records and lines of each kind did not read the same, in words, and the first of them."""
    counts = {
        row["kind"]: row["n"]
        for row in warehouse.rows(
            "select kind, count(distinct concat_ws(chr(31), instance, table_name, record_key)) as n"
            " from reporting.rpt_restatements group by kind"
        )
    }
    named = {"restated": "restated record", "back_dated": "back-dated register line", "edited": "edited register line"}
    return {
        "said": [
            f"{n:,} {words}{'' if n == 1 else 's'}" for kind, words in named.items() if (n := counts.get(kind, 0))
        ],
        "notable": any(counts.get(kind) for kind in ("restated", "back_dated")),
        "rows": warehouse.rows(
            "select * from reporting.rpt_restatements"
            " order by array_position(['restated', 'back_dated', 'edited'], kind), instance,"
            " table_name, record_key, after_collected_at, field limit 8"
        ),
        "total": sum(counts.values()),
    }


def _coverage(context: Context) -> dict[str, Any]:
    """Return the heat map: months across, controls down; items by the month in which they occurred."""
    cells: dict[tuple[str, str], Rows] = {}
    for row in context.warehouse.reporting("rpt_coverage"):
        start = row["interval_start"]
        day = context.engagement.day_of(start) if isinstance(start, datetime) else start
        month = f"{day:%Y-%m}" if isinstance(day, date) else ""
        cells.setdefault((str(row["control_id"]), month), []).append(row)
    items = _occurrences(context)
    controls = sorted({control for control, _ in cells})
    columns = sorted({month for _, month in cells})
    return {
        "months": columns,
        "rows": [
            (control, [_heat(cells.get((control, month), []), items.get((control, month), 0)) for month in columns])
            for control in controls
        ],
    }


def _occurrences(context: Context) -> dict[tuple[str, str], int]:
    """Return (control, month) → items of the population that occurred in it."""
    return {
        (mart.control_id, str(row["month"])): int(row["n"])
        for mart in context.populations
        for row in context.warehouse.rows(
            "select strftime(occurred_on, '%Y-%m') as month, count(*) as n"  # noqa: S608 - the warehouse's own name
            f" from ({mart.query}) where occurred_on is not null group by month"
        )
    }


def _heat(rows: Rows, items: int) -> dict[str, Any]:
    """Return one cell: its class, its text and its words for a screen reader."""
    missing = [row for row in rows if uncollected(row)]
    causes = sorted({str(row["gap_cause"]) for row in rows if row["gap_cause"]})
    shown = f"{items:,}" if items else ""
    words = f"{items:,} item{'' if items == 1 else 's'}"
    if not rows:
        return {"kind": "none", "text": "", "title": "not expected"}
    if len(missing) == len(rows):
        return {"kind": "gap", "text": f"{shown} gap".strip(), "title": "; ".join(["not collected", words, *causes])}
    if missing:
        title = f"{len(missing)} of {len(rows)} intervals not collected"
        return {"kind": "part", "text": f"{shown} part".strip(), "title": "; ".join([title, words, *causes])}
    return {"kind": "full" if items else "zero", "text": f"{items:,}", "title": f"collected; {words}"}


def _due(warehouse: Warehouse, today: date, until: date) -> Rows:
    """Return what owners owe: remediations overdue and due within the week, and exceptions not yet decided."""
    return warehouse.rows(
        """
        with register as (
            select e.*, coalesce(nullif(e.owner, ''), nullif(m.owner, ''), '(no owner)') as responsible
            from reporting.rpt_exception_register as e
            left join reporting.rpt_control_matrix as m on m.control_id = e.control_id
            where e.closed_at is null and coalesce(e.disposition, 'open') not in ('not_a_deviation', 'duplicate')
        )
        select
            responsible,
            count(*) filter (where due_on < $1) as overdue,
            count(*) filter (where due_on >= $1 and due_on < $2) as due,
            count(*) filter (where coalesce(disposition, 'open') = 'open') as undecided,
            coalesce(list(exception_id order by due_on, exception_id) filter (where due_on < $2), []) as items
        from register
        group by responsible
        order by overdue desc, due desc, undecided desc, responsible
        """,
        [today, until],
    )


# --- narratives ----------------------------------------------------------------------------------------------------


def _control(context: Context, mart: Mart) -> dict[str, Any]:
    warehouse = context.warehouse
    control = mart.control_id

    def of_control(table: str) -> Rows:
        return [row for row in warehouse.reporting(table) if row["control_id"] == control]

    matrix = of_control("rpt_control_matrix")
    model = warehouse.models.get(mart.name)
    return {
        "mart": mart,
        "control": matrix[0] if matrix else {"control_id": control, "statement": "", "question": "", "systems": ""},
        "population": next(row for row in context.population_rows if row["population_id"] == mart.name),
        "reconciliations": of_control("rpt_reconciliations"),
        "rules": of_control("rpt_rules"),
        "results": of_control("rpt_test_results"),
        "model_description": model.description if model else "",
    }
