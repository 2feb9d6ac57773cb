"""Raw schemas without a row, made from the sources' YAML: what the models see before the first collection."""

from __future__ import annotations

from pathlib import Path

import duckdb
import yaml

ROOT = Path(__file__).parents[2]
RECORD = (
    "record_key varchar, source_updated_at timestamptz, collection_id varchar, payload_sha256 varchar, payload varchar"
)
LEDGER = {
    "collections": (
        "n bigint, entry_sha256 varchar, previous_sha256 varchar, kind varchar, collection_id varchar, source varchar,"
        " instance varchar, resource varchar, window_start timestamptz, window_end timestamptz, collected_at timestamptz,"
        " pages bigint, requests bigint, rows bigint, distinct_keys bigint, source_total bigint, http_statuses varchar,"
        " permission varchar, permission_detail varchar, gaps varchar, error varchar, state varchar, entry varchar"
    ),
    "collection_tables": (
        "collection_id varchar, source varchar, instance varchar, resource varchar, table_name varchar, rows bigint,"
        " distinct_keys bigint, files varchar"
    ),
}


def raw_tables() -> dict[str, list[str]]:
    """Raw schema → tables, as the sources' YAML declares them."""
    tables: dict[str, list[str]] = {}
    for path in sorted((ROOT / "dbt_project/models/staging").glob("*/_sources.yml")):
        for source in yaml.safe_load(path.read_text())["sources"]:
            tables[source["schema"]] = [table["name"] for table in source["tables"]]
    return tables


def create_empty_raw(warehouse: Path) -> None:
    """Create every raw table, empty, in the DuckDB file `warehouse`."""
    with duckdb.connect(str(warehouse)) as connection:
        for schema, tables in raw_tables().items():
            connection.execute(f"create schema if not exists {schema}")
            for table in tables:
                columns = LEDGER[table] if schema == "raw_ledger" else RECORD
                connection.execute(f"create table if not exists {schema}.{table} ({columns})")
