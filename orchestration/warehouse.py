"""Make the vault readable in the warehouse: a view per raw table over the committed files, the ledger as tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ingestion.contract import RAW_COLUMNS
from ingestion.ledger import Entry, Ledger, Problem, verify_chain, verify_files
from ingestion.sources import RAW_TABLES
from ingestion.vault import Vault

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EMPTY = """
    select
        cast(null as varchar) as record_key,
        cast(null as timestamptz) as source_updated_at,
        cast(null as varchar) as collection_id,
        cast(null as varchar) as payload_sha256,
        cast(null as varchar) as payload
    where false
"""

COLLECTIONS = {
    "n": "bigint",
    "entry_sha256": "varchar",
    "previous_sha256": "varchar",
    "kind": "varchar",
    "collection_id": "varchar",
    "source": "varchar",
    "instance": "varchar",
    "resource": "varchar",
    "window_start": "timestamptz",
    "window_end": "timestamptz",
    "collected_at": "timestamptz",
    "pages": "bigint",
    "requests": "bigint",
    "rows": "bigint",
    "distinct_keys": "bigint",
    "source_total": "bigint",
    "http_statuses": "varchar",
    "permission": "varchar",
    "permission_detail": "varchar",
    "gaps": "varchar",
    "error": "varchar",
    "state": "varchar",
    "entry": "varchar",
}
COLLECTION_TABLES = {
    "collection_id": "varchar",
    "source": "varchar",
    "instance": "varchar",
    "resource": "varchar",
    "table_name": "varchar",
    "rows": "bigint",
    "distinct_keys": "bigint",
    "files": "varchar",
}


class VaultDamaged(Exception):  # noqa: N818 - reads as the fact it states
    """The vault does not hold what the ledger says; the warehouse must not be built from it.

    Attributes:
        problems: What is wrong, file by file.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        lines = "\n".join(f"  {problem.path}: {problem.detail}" for problem in problems[:20])
        more = f"\n  … and {len(problems) - 20} more" if len(problems) > 20 else ""
        super().__init__(
            f"{len(problems)} objects of the vault do not agree with the ledger:\n{lines}{more}\n"
            "Restore them from a copy of the vault; never edit the ledger."
        )


def check_vault_files(vault: Vault) -> list[Problem]:
    """Verify the ledger's hash chain and read every committed file to compare its SHA-256; costs a full read.

    Returns:
        Problems of kind `chain`, `missing`, `changed` (each of them damage) and `leftover` (files of aborted attempts,
        ignored by the warehouse).
    """
    return verify_chain(vault) + verify_files(vault, Ledger(vault))


def register_raw(connection: DuckDBPyConnection, vault: Vault) -> None:
    """Create the schemas `raw_<source>` with one view per raw table, and `raw_ledger` with the ledger as tables.

    Views read the committed files only; a table without any is a typed empty view.

    Args:
        connection: An open, writable connection to the warehouse.
        vault: The vault.

    Raises:
        VaultDamaged: The chain is broken, or a committed file is missing or has another size. (Hashes: see
            `check_vault_files`.)
    """
    ledger = Ledger(vault)
    files = committed_files(vault, ledger)
    if not vault.is_local:
        connection.register_filesystem(vault.fs)
    for (source, table), paths in files.items():
        connection.execute(f'create schema if not exists "raw_{source}"')
        connection.execute(f'create or replace view "raw_{source}"."{table}" as {_body(paths)}')
    connection.execute("create schema if not exists raw_ledger")
    collections, tables = ledger_rows(ledger)
    _fill(connection, "raw_ledger.collections", COLLECTIONS, collections)
    _fill(connection, "raw_ledger.collection_tables", COLLECTION_TABLES, tables)


def committed_files(vault: Vault, ledger: Ledger) -> dict[tuple[str, str], list[str]]:
    """The files that the warehouse reads, whatever its engine.

    Returns:
        (source, table) → addresses; an empty list for a table of which nothing was committed.

    Raises:
        VaultDamaged: The chain is broken, or a committed file is missing or has another size.
    """
    damage = verify_chain(vault) + verify_files(vault, ledger, hashes=False)
    if damage := [problem for problem in damage if problem.kind != "leftover"]:
        raise VaultDamaged(damage)
    files: dict[tuple[str, str], list[str]] = {
        (source, table): [] for source, tables in RAW_TABLES.items() for table in tables
    }
    for entry in ledger.committed:
        for table, file in entry.files():
            files.setdefault((entry.facts["source"], table), []).append(vault.place(file["path"]))
    return files


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _body(paths: list[str]) -> str:
    if not paths:
        return _EMPTY
    listed = ", ".join(_literal(path) for path in paths)
    return (
        f"select {', '.join(RAW_COLUMNS)} "  # noqa: S608 - own names, quoted literals
        f"from read_parquet([{listed}], hive_partitioning = false)"
    )


def ledger_rows(ledger: Ledger) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of `raw_ledger.collections` and `raw_ledger.collection_tables`, with the columns named above."""
    rows = [row for entry in ledger.committed for row in _tables(entry)]
    return [_collection(entry) for entry in ledger.entries], rows


def _fill(connection: DuckDBPyConnection, name: str, columns: dict[str, str], rows: list[dict[str, Any]]) -> None:
    """Create a table from rows; one statement, because single inserts are slow."""
    import pyarrow as pa

    texts = pa.table(
        {column: pa.array([_cell(row[column]) for row in rows], pa.string()) for column in columns},
    )
    connection.register("ledger_rows", texts)
    casts = ", ".join(f'cast("{column}" as {kind}) as "{column}"' for column, kind in columns.items())
    connection.execute(f"create or replace table {name} as select {casts} from ledger_rows")  # noqa: S608 - own names
    connection.unregister("ledger_rows")


def _cell(value: object) -> str | None:
    return None if value is None else str(value)


def _json(value: object) -> str | None:
    if value is None:
        return None
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _collection(entry: Entry) -> dict[str, Any]:
    facts = entry.facts
    permission = facts.get("permission") or {}
    derived = {
        "entry_sha256": entry.sha256,
        "http_statuses": _json(facts.get("http_statuses")),
        "permission": permission.get("result"),
        "permission_detail": permission.get("detail"),
        "gaps": _json(facts.get("gaps")),
        "state": _json(facts.get("state")),
        "entry": entry.text,
    }
    return {column: derived[column] if column in derived else facts.get(column) for column in COLLECTIONS}


def _tables(entry: Entry) -> list[dict[str, Any]]:
    facts = entry.facts
    return [
        {
            "collection_id": entry.collection_id,
            "source": facts["source"],
            "instance": facts["instance"],
            "resource": facts["resource"],
            "table_name": table,
            "rows": counts["rows"],
            "distinct_keys": counts["distinct_keys"],
            "files": _json(counts["files"]),
        }
        for table, counts in sorted(facts["tables"].items())
    ]
