"""Information produced by the entity: per control, where its report comes from and how to re-perform it.

`ipe/sql/` holds every model between the collected records and what the package exports, `ipe/seeds/` the definitions
that these models read: with the vault, that is all it takes to build the same tables again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.report_package.columns import Column
from orchestration.report_package.csv_export import quoted
from orchestration.report_package.warehouse import plain_type

if TYPE_CHECKING:
    from orchestration.report_package.folder import PackageFolder
    from orchestration.report_package.ledger import LedgerEntry
    from orchestration.report_package.warehouse import Mart, Model, Warehouse


def upstream(models: Mapping[str, Model], name: str) -> list[str]:
    """Return a model and everything it is built from that has a text, in building order."""
    ordered: list[str] = []

    def visit(current: str) -> None:
        model = models.get(current)
        if model is None or current in ordered or not model.source_text:
            return
        for before in sorted(model.depends_on):
            visit(before)
        ordered.append(current)

    visit(name)
    return ordered


def without_paths(sql: str, roots: Iterable[Path]) -> str:
    """Return SQL in which no folder of the machine stands; line ends and trailing blanks are made uniform."""
    for root in sorted({str(root) for root in roots} - {"/", "."}, key=len, reverse=True):
        sql = re.sub(re.escape(root) + r"(?=[/\\'\"\s]|$)", "<folder>", sql)
    return "\n".join(line.rstrip() for line in sql.strip().splitlines()) + "\n"


def exported(warehouse: Warehouse, marts: Sequence[Mart]) -> set[str]:
    """Return every model from which the package is made: populations, their parts and the reports, and all before."""
    ends = {mart.name for mart in marts} | {
        model.name for model in warehouse.models.values() if model.schema == "reporting"
    }
    return {name for end in ends for name in upstream(warehouse.models, end)}


def write_sql(folder: PackageFolder, warehouse: Warehouse, marts: Sequence[Mart], roots: Iterable[Path]) -> None:
    """Write ipe/sql/<model>.sql for every model behind the package."""
    places = list(roots)
    for name in sorted(exported(warehouse, marts)):
        model = warehouse.models[name]
        note = "" if model.compiled_text else "-- source text, not compiled in this build\n"
        folder.text(f"ipe/sql/{name}.sql", note + without_paths(model.compiled_text or model.source_text, places))


def write_seeds(folder: PackageFolder, warehouse: Warehouse, marts: Sequence[Mart]) -> None:
    """Write ipe/seeds/<seed>.csv for every seed that a model behind the package reads."""
    names = {before for name in exported(warehouse, marts) for before in warehouse.models[name].depends_on}
    for name in sorted(names):
        seed, columns = warehouse.models.get(name), warehouse.columns("seeds", name)
        if seed is not None and seed.is_seed and columns:
            described = [Column(column, plain_type(kind), seed.columns.get(column, "")) for column, kind in columns]
            query = f"select * from seeds.{quoted(name)}"  # noqa: S608 - name from dbt's own manifest
            order = [column for column, _ in columns]
            folder.query(f"ipe/seeds/{name}.csv", warehouse.con, query, order, described, name)


def facts(warehouse: Warehouse, mart: Mart, sources: Mart | None, entries: Sequence[LedgerEntry]) -> dict[str, Any]:
    """Return what ipe/<CONTROL>.md says about one population beyond the registers."""
    from orchestration.report_package.ledger import parameters_of

    used = (
        warehouse.rows(
            "select source, instance, resource, count(distinct collection_id) as collections, count(*) as records,"  # noqa: S608
            f" min(collected_at) as first, max(collected_at) as last from ({sources.query}) group by all order by all"
        )
        if sources
        else []
    )
    parameters = {(source, instance, resource): texts for source, instance, resource, texts in parameters_of(entries)}
    for row in used:
        row["parameters"] = parameters.get((row["source"], row["instance"], row["resource"]), [])
    tables = tables_of(warehouse, mart.control_id, used, entries)
    return {"used": used, "lineage": _lineage(warehouse, tables), "models": upstream(warehouse.models, mart.name)}


def tables_of(
    warehouse: Warehouse, control: str, used: Sequence[Mapping[str, Any]], entries: Sequence[LedgerEntry]
) -> set[tuple[str, str]]:
    """Return (source, table) of what a control rests on: by the seed control_resources, and by its items."""
    rests_on = {(str(row["source"]), str(row["resource"])) for row in used}
    if warehouse.columns("seeds", "control_resources"):
        listed = warehouse.rows("select source, resource from seeds.control_resources where control_id = $1", [control])
        rests_on |= {(str(row["source"]), str(row["resource"])) for row in listed}
    found = set(rests_on)
    for entry in entries:
        source = str(entry.facts.get("source"))
        if (source, str(entry.facts.get("resource"))) in rests_on:
            found |= {(source, str(table)) for table in entry.facts.get("tables") or {}}
    return found


def _lineage(warehouse: Warehouse, tables: set[tuple[str, str]]) -> list[dict[str, Any]]:
    if not warehouse.has("chk_lineage"):
        return []
    rows = warehouse.rows(
        "select source, instance, table_name, source_total, ledger_rows, vault_rows, staging_rows"
        " from reporting.chk_lineage order by all"
    )
    return [row for row in rows if (row["source"], row["table_name"]) in tables]
