"""The engine macros without dbt: the same call rendered and run on DuckDB and on Spark over the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pyarrow as pa
from pyarrow import parquet

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros" / "engine"
EXTRA = ""
"""Macros that take the place of those of the same name: a test breaks one to see that it is noticed."""


@dataclass(frozen=True)
class Case:
    """One call over rows of texts (columns a, b, c); `kind` says how the answer is read: plain, instant or relation.

    `call` is Jinja; a relation is a whole query over `inputs`.
    """

    name: str
    call: str
    rows: Sequence[tuple[str | None, ...]]
    kind: str = "plain"


def render(engine: str, call: str) -> str:
    """What dbt would make of a call, with its dispatch and its variables."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    module: Any = None

    class Adapter:
        def dispatch(self, name: str, _package: str) -> Any:
            return getattr(module, f"{engine}__{name}", None) or getattr(module, f"default__{name}")

    texts = [path.read_text(encoding="utf-8") for path in sorted(MACROS.glob("*.sql")) if path.name != "seeds.sql"]
    environment.globals.update(
        {
            "adapter": Adapter(),
            "return": lambda value: value,
            "target": {"type": engine},
            "var": lambda _: {"duckdb": "timestamptz", "spark": "timestamp"},
        }
    )
    module = environment.from_string("\n".join([*texts, EXTRA])).module
    environment.globals.update({name: getattr(module, name) for name in dir(module) if not name.startswith("_")})
    return environment.from_string(call).render()


def query(engine: str, case: Case) -> str:
    sql = render(engine, case.call)
    if case.kind == "relation":
        return sql
    if case.kind == "instant":
        sql = f"epoch_us({sql})" if engine == "duckdb" else f"unix_micros({sql})"
    return f"select n, {sql} as answer from inputs order by n"


def table(rows: Sequence[tuple[str | None, ...]]) -> pa.Table:
    columns = {name: [row[i] if i < len(row) else None for row in rows] for i, name in enumerate("abc")}
    return pa.table({"n": list(range(len(rows))), **{name: pa.array(v, pa.string()) for name, v in columns.items()}})


def on_duckdb(case: Case) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("inputs", table(case.rows))
        return connection.execute(query("duckdb", case)).fetchall()


def on_spark(spark: Any, folder: Path, case: Case) -> list[tuple[Any, ...]]:
    path = folder / "inputs.parquet"
    parquet.write_table(table(case.rows), path)
    spark.read.parquet(str(path)).createOrReplaceTempView("inputs")
    return [tuple(row) for row in spark.sql(query("spark", case)).collect()]
