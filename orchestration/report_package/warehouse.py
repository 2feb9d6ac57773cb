"""What the warehouse and dbt's manifest say about populations: which model belongs to which control and file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.report_package.csv_export import literal, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CATEGORIES = {
    "LA": "01_logical_access",
    "CM": "02_change_management",
    "CO": "03_computer_operations",
    "DI": "04_data_integrity",
    "IS": "05_information_security",
    "GV": "06_governance",
}
_MART = re.compile(r"([a-z]{2})_([0-9]{2})__([a-z0-9_]+?)(?:__([a-z0-9_]+))?")
_KINDS = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "BIGINT": "integer",
    "INTEGER": "integer",
    "HUGEINT": "integer",
    "SMALLINT": "integer",
    "DOUBLE": "decimal",
    "FLOAT": "decimal",
}


class WarehouseError(Exception):
    """The warehouse cannot be packaged; the text says what is missing and what to do."""


@dataclass(frozen=True)
class Model:
    """A model of the dbt project with what the package needs of it."""

    name: str
    schema: str
    description: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    source_text: str = ""
    compiled_text: str = ""
    depends_on: tuple[str, ...] = ()
    is_seed: bool = False

    @property
    def query_sha256(self) -> str:
        """SHA-256 of the model's source text."""
        return sha256(self.source_text.encode()).hexdigest()


@dataclass(frozen=True)
class Mart:
    """One table of schema marts: a population, its sources or a detail of it."""

    name: str
    control_id: str
    population: str
    part: str
    """Empty for the population itself, else ``sources`` or the name of the detail."""
    columns: tuple[tuple[str, str], ...]

    @property
    def file(self) -> str:
        """Path of the CSV file in the package."""
        tail = f"__{self.part}" if self.part else ""
        return f"evidence/{CATEGORIES[self.control_id[:2]]}/{self.control_id}_{self.population}{tail}.csv"

    @property
    def query(self) -> str:
        """The select over the table."""
        return f"select * from marts.{quoted(self.name)}"  # noqa: S608 - name from the warehouse's own catalogue


class Warehouse:
    """A read-only view of the DuckDB warehouse, together with dbt's manifest."""

    def __init__(self, con: DuckDBPyConnection, models: Mapping[str, Model]) -> None:
        self.con = con
        self.models = models
        self._small: dict[str, list[dict[str, Any]]] = {}

    def marts(self) -> list[Mart]:
        """Return every table of schema marts that follows the naming convention, populations before their parts."""
        found: list[Mart] = []
        for name in sorted(table for schema, table in self._catalogue if schema == "marts"):
            match = _MART.fullmatch(name)
            if match is None:
                raise WarehouseError(f"marts.{name} is not named <control>__<population>[__<detail>]")
            family, number, population, part = match.groups()
            model = self.models.get(name)
            control = str((model.meta if model else {}).get("control_id") or f"{family}-{number}".upper())
            if control[:2] not in CATEGORIES:
                raise WarehouseError(f"marts.{name}: no category for control {control}")
            found.append(Mart(name, control, population, part or "", self.columns("marts", name)))
        populations = [mart.control_id for mart in found if not mart.part]
        twice = sorted({control for control in populations if populations.count(control) > 1})
        if twice:
            raise WarehouseError(f"more than one population for {', '.join(twice)}: finer units are details")
        return sorted(found, key=lambda mart: (mart.control_id, mart.population, mart.part))

    def columns(self, schema: str, table: str) -> tuple[tuple[str, str], ...]:
        """Return (name, engine type) of a table's columns in their order; empty where there is no such table."""
        return tuple(self._catalogue.get((schema, table), ()))

    @cached_property
    def _catalogue(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """All columns by schema and table; the warehouse is read-only, so one look is enough."""
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for schema, table, name, kind in self.con.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns()"
            " where database_name = current_database() and schema_name in ('marts', 'reporting', 'seeds')"
            " order by schema_name, table_name, column_index"
        ).fetchall():
            found.setdefault((str(schema), str(table)), []).append((str(name), str(kind)))
        return found

    def rows(self, sql: str, parameters: list[object] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a small query as dictionaries."""
        cursor = self.con.execute(sql, parameters or [])
        names = [str(column[0]) for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def reporting(self, table: str, needed: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Return all rows of a small reporting table.

        Raises:
            WarehouseError: the table or one of the needed columns is missing.
        """
        self.require(table, needed)
        if table not in self._small:
            self._small[table] = self.rows(f"select * from reporting.{quoted(table)} order by all")  # noqa: S608
        return [dict(row) for row in self._small[table]]

    def require(self, table: str, needed: tuple[str, ...]) -> None:
        """Raise WarehouseError unless the reporting table exists and has the columns."""
        present = {name for name, _ in self.columns("reporting", table)}
        missing = [name for name in needed if name not in present]
        if not present:
            raise WarehouseError(f"the warehouse has no table reporting.{table}: build it first (make build)")
        if missing:
            raise WarehouseError(f"reporting.{table} lacks the column(s) {', '.join(missing)}: build it first")

    def has(self, table: str) -> bool:
        """Return whether schema reporting has the table."""
        return bool(self.columns("reporting", table))


def plain_type(engine_type: str) -> str:
    """Return the data dictionary's word for an engine's type."""
    kind = engine_type.upper()
    if kind.startswith("TIMESTAMP"):
        return "instant"
    return "decimal" if kind.startswith("DECIMAL") else _KINDS.get(kind, "text")


def read_models(manifest_json: Path) -> dict[str, Model]:
    """Read dbt's manifest.

    Raises:
        WarehouseError: the file is missing or is no manifest.
    """
    try:
        nodes = json.loads(manifest_json.read_text("utf-8"))["nodes"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WarehouseError("dbt's manifest.json cannot be read: build the warehouse first (make build)") from error
    return {
        str(node["name"]): _model(node) for node in nodes.values() if node.get("resource_type") in {"model", "seed"}
    }


def _model(node: Mapping[str, Any]) -> Model:
    columns = node.get("columns") or {}
    config = node.get("config") or {}
    return Model(
        name=str(node["name"]),
        schema=str(node.get("schema", "")),
        description=str(node.get("description") or ""),
        meta={**(node.get("meta") or {}), **(config.get("meta") or {})},
        columns={str(name): str(column.get("description") or "") for name, column in columns.items()},
        source_text=str(node.get("raw_code") or ""),
        compiled_text=str(node.get("compiled_code") or ""),
        depends_on=tuple(str(up).rsplit(".", 1)[-1] for up in (node.get("depends_on") or {}).get("nodes", [])),
        is_seed=node.get("resource_type") == "seed",
    )


def open_warehouse(path: Path, manifest_json: Path, scratch: Path, memory_limit: str = "2GB") -> Warehouse:
    """Attach the warehouse read-only to an engine in memory that may spill to ``scratch``.

    Raises:
        WarehouseError: there is no such file, or another process is writing to it.
    """
    import duckdb

    if not path.is_file():
        raise WarehouseError("there is no warehouse yet: build it first (make build)")
    con = duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
    try:
        con.execute(f"attach {literal(str(path))} as evidence (read_only)")
        con.execute("use evidence")
    except duckdb.Error as error:
        con.close()
        raise WarehouseError("the warehouse is in use by another process: close it and try again") from error
    con.execute("set TimeZone = 'UTC'")
    con.execute("set preserve_insertion_order = false")
    con.execute(f"set memory_limit = {literal(memory_limit)}")
    con.execute(f"set temp_directory = {literal(str(scratch))}")
    return Warehouse(con, read_models(manifest_json))
