"""Information produced by the entity: per control, where its report comes from and how to re-perform it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def write_sql(folder: PackageFolder, warehouse: Warehouse, populations: Sequence[Mart], roots: Iterable[Path]) -> None:
    """Write ipe/sql/<model>.sql for every model behind the populations."""
    places = list(roots)
    names = {name for mart in populations for name in upstream(warehouse.models, mart.name)}
    for name in sorted(names):
        model = warehouse.models[name]
        note = "" if model.compiled_text else "-- source text, not compiled in this build\n"
        folder.text(f"ipe/sql/{name}.sql", note + without_paths(model.compiled_text or model.source_text, places))


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
    instances = sorted({row["instance"] for row in used})
    return {"used": used, "lineage": _lineage(warehouse, instances), "models": upstream(warehouse.models, mart.name)}


def _lineage(warehouse: Warehouse, instances: list[str]) -> list[dict[str, Any]]:
    if not instances or not warehouse.has("chk_lineage"):
        return []
    return warehouse.rows(
        "select instance, table_name, source_total, ledger_rows, vault_rows, staging_rows from reporting.chk_lineage"
        " where list_contains(?, instance) order by all",
        [instances],
    )
