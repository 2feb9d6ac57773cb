"""The vault on Apache Spark, as :mod:`orchestration.warehouse` does on DuckDB; and Spark's tables for the package.

Spark reads the committed files of the vault where they are. What it builds is Parquet below `build/spark`.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

from ingestion.contract import RAW_COLUMNS
from ingestion.ledger import Ledger
from orchestration.engagement import EngagementError
from orchestration.warehouse import COLLECTION_TABLES, COLLECTIONS, committed_files, ledger_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from duckdb import DuckDBPyConnection
    from pyspark.sql import SparkSession

    from ingestion.vault import Vault
    from orchestration.dbt import NodeResult
    from orchestration.workspace import Workspace


def require() -> None:
    """Say what to install when a local Spark cannot run.

    Raises:
        EngagementError: the extra or Java is missing.
    """
    if find_spec("pyspark") is None or find_spec("dbt.adapters.spark") is None:
        raise EngagementError("the target spark needs the extra `spark`: run `make env-spark`")
    home = os.environ.get("JAVA_HOME")
    if not (Path(home, "bin", "java").is_file() if home else which("java")):
        raise EngagementError("the target spark needs Java 17 or later: install a JDK, or set JAVA_HOME to one")


def build(workspace: Workspace, on_node: Callable[[str, int, int], None] | None = None) -> list[NodeResult]:
    """Register the vault, run seeds, models and data tests on a local Spark, make its tables views of a DuckDB file.

    Args:
        workspace: where.
        on_node: as of :func:`orchestration.dbt.build`.

    Returns:
        One result per node.
    """
    import duckdb

    from orchestration import dbt

    shutil.rmtree(workspace.spark, ignore_errors=True)
    spark = session(workspace.project)
    try:
        register_raw(spark, workspace.vault, workspace.spark / "ledger")
        results = dbt.build(workspace, on_node)
    finally:
        spark.stop()
    workspace.warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(workspace.warehouse)) as connection:
        expose(connection, workspace.spark / "warehouse")
    return results


def session(project: Path) -> SparkSession:
    """The session of the target `spark` of `profiles.yml`, which dbt then uses too."""
    import yaml
    from jinja2 import Template

    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
    from pyspark.sql import SparkSession

    profiles = yaml.safe_load((project / "dbt_project" / "profiles.yml").read_text(encoding="utf-8"))
    builder = SparkSession.builder.appName("itgc")
    for name, value in profiles["itgc"]["outputs"]["spark"]["server_side_parameters"].items():
        builder = builder.config(name, Template(str(value)).render(env_var=os.environ.get))
    with _quiet(Path(os.environ["ITGC_SPARK"]) / "spark.log"):
        found: SparkSession = builder.getOrCreate()
    return found


@contextmanager
def _quiet(log: Path) -> Iterator[None]:
    """What Java says on starting, and ever after, goes to a file: what matters comes back as exceptions."""
    log.parent.mkdir(parents=True, exist_ok=True)
    kept = os.dup(2)
    try:
        with log.open("ab") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def register_raw(spark: SparkSession, vault: Vault, folder: Path) -> None:
    """Create the databases `raw_<source>` with one view per raw table, and `raw_ledger`, as on DuckDB.

    Args:
        spark: from :func:`session`.
        vault: The vault.
        folder: Where the ledger's tables are written, as Parquet.

    Raises:
        VaultDamaged: The chain is broken, or a committed file is missing or has another size.
    """
    ledger = Ledger(vault)
    for (source, table), paths in committed_files(vault, ledger).items():
        spark.sql(f"create database if not exists `raw_{source}`")
        spark.sql(f"create or replace view `raw_{source}`.`{table}` as {_body(paths)}")
    spark.sql("create database if not exists raw_ledger")
    collections, tables = ledger_rows(ledger)
    _fill(spark, folder, "collections", COLLECTIONS, collections)
    _fill(spark, folder, "collection_tables", COLLECTION_TABLES, tables)


def _body(paths: list[str]) -> str:
    if not paths:
        types = {"source_updated_at": "timestamp"}
        return (
            "select "
            + ", ".join(f"cast(null as {types.get(c, 'string')}) as {c}" for c in RAW_COLUMNS)
            + " where false"
        )
    return f"select {', '.join(RAW_COLUMNS)} from parquet.`{_glob(paths)}`"  # noqa: S608 - escaped below


def _glob(paths: list[str]) -> str:
    """One pattern that matches these files and no other; what a pattern or a quoted name reads otherwise is escaped."""
    folder = paths[0].rpartition("/")[0]
    while not all(path.startswith(f"{folder}/") for path in paths):
        folder = folder.rpartition("/")[0]
    escaped = ["".join(f"\\{c}" if c in "*?[]{},\\" else c for c in path) for path in [folder, *paths]]
    names = ",".join(path[len(escaped[0]) + 1 :] for path in escaped[1:])
    return f"{escaped[0]}/{{{names}}}".replace("`", "``")


def _fill(spark: SparkSession, folder: Path, name: str, columns: dict[str, str], rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    texts = {c: pa.array([None if row[c] is None else str(row[c]) for row in rows], pa.string()) for c in columns}
    path = folder / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(texts), path)
    types = {"varchar": "string", "timestamptz": "timestamp"}
    casts = ", ".join(f"cast(`{column}` as {types.get(kind, kind)}) as `{column}`" for column, kind in columns.items())
    spark.sql(f"create or replace view raw_ledger.{name} as select {casts} from parquet.`{_glob([str(path)])}`")  # noqa: S608


def expose(connection: DuckDBPyConnection, folder: Path) -> None:
    """Make Spark's tables views of the same names in a DuckDB file, for the checks and the package.

    Args:
        connection: An open, writable connection to the warehouse.
        folder: Spark's warehouse folder: `<schema>.db/<table>/*.parquet`.
    """
    for path in sorted(folder.glob("*.db/*/")):
        schema, table = path.parent.name.removesuffix(".db"), path.name
        files = str(path / "*.parquet").replace("'", "''")
        connection.execute(f'create schema if not exists "{schema}"')
        connection.execute(f"""create or replace view "{schema}"."{table}" as select * from read_parquet('{files}')""")  # noqa: S608
