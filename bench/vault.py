"""A vault of any size: the collected demo vault, with copies of its company beside the company itself.

The base copy is the collected files, row by row; every further copy is made by the engine from templates of those rows.
Collections, their windows and the hash chain are those of the ledger's own code.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.templates import MARK, templates
from ingestion.ledger import Entry, Ledger
from ingestion.stamps import SOURCE as OWN
from ingestion.vault import Vault

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FACTS_OF_ENTRY = ("n", "kind", "previous_sha256")
ROW_GROUP = 5_000  # rows, as collection leaves them: so many dlt holds before it writes
MOST = 900  # copies that a tag of three digits can tell apart


def multiply(base: Path, target: Path, copies: int, *, dense: bool = True) -> dict[str, int]:
    """Write a vault that holds the company of another one several times.

    Args:
        base: A vault which a run of the demo collected.
        target: The new vault; must not exist.
        copies: How often the company stands in it; the first is the base itself.
        dense: Whether the copies are filled up to the proportions of the reference load.

    Returns:
        Rows by `<source>.<table>`.
    """
    import duckdb

    if not 1 <= copies <= MOST:
        raise ValueError(f"between 1 and {MOST} copies")
    source, vault = Vault(base), Vault(target)
    target.mkdir(parents=True)
    ledger, rows = Ledger(vault), dict[str, int]()
    memory: dict[tuple[str, str, str, str], list[tuple[str, str]]] = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set memory_limit = '2GB'")
        tags = "create table tags as select cast(100 + range as varchar) as tag from range(1, $1)"
        connection.execute(tags, [copies])
        for entry in Ledger(source).entries:
            if entry.facts["source"] == OWN:
                continue
            facts = {name: value for name, value in entry.facts.items() if name not in _FACTS_OF_ENTRY}
            if entry.kind == "committed":
                facts |= _collection(connection, source, vault, entry, copies, dense, memory)
                for table, counts in facts["tables"].items():
                    name = f"{entry.facts['source']}.{table}"
                    rows[name] = rows.get(name, 0) + counts["rows"]
            ledger.append(entry.kind, facts)  # type: ignore[arg-type]
    return rows


def _collection(
    connection: DuckDBPyConnection,
    source: Vault,
    target: Vault,
    entry: Entry,
    copies: int,
    dense: bool,
    memory: dict[tuple[str, str, str, str], list[tuple[str, str]]],
) -> dict[str, Any]:
    """Write the files of one collection; returns the facts of its entry that differ."""
    tables: dict[str, Any] = {}
    total = entry.facts["source_total"]
    for table, counts in entry.facts["tables"].items():
        files, copied_rows, copied_keys = [], 0, 0
        for file in counts["files"]:
            made, keys = _read(connection, source.place(file["path"]), entry.facts["source"], table, dense, memory)
            _write(connection, source.place(file["path"]), target, file["path"])
            facts = target.facts(file["path"])
            rows = file["rows"] + (copies - 1) * made
            files.append({"path": file["path"], "rows": rows, "bytes": facts.size, "sha256": facts.sha256})
            copied_rows, copied_keys = copied_rows + made, copied_keys + keys
        tables[table] = {
            "rows": counts["rows"] + (copies - 1) * copied_rows,
            "distinct_keys": counts["distinct_keys"] + (copies - 1) * copied_keys,
            "files": files,
        }
        if total and copied_rows:
            total = entry.facts["source_total"] * copies
    return {
        "tables": tables,
        "rows": sum(facts["rows"] for facts in tables.values()),
        "distinct_keys": sum(facts["distinct_keys"] for facts in tables.values()),
        "source_total": total,
    }


def _read(
    connection: DuckDBPyConnection,
    path: str,
    source: str,
    table: str,
    dense: bool,
    memory: dict[tuple[str, str, str, str], list[tuple[str, str]]],
) -> tuple[int, int]:
    """Turn the rows of a file into the table `templates` of the engine; returns how many, and their distinct keys."""
    import pyarrow as pa

    read = connection.execute("select * from read_parquet($1, hive_partitioning = false)", [path]).to_arrow_table()
    found: list[tuple[str, str, Any]] = []
    columns = (read.column(name).to_pylist() for name in ("record_key", "payload_sha256", "payload"))
    for position, (key, digest, payload) in enumerate(zip(*columns, strict=True)):
        known = memory.get((source, table, key, digest))
        if known is None:
            known = [(one.key, one.payload) for one in templates(source, table, key, payload, dense=dense)]
            memory[source, table, key, digest] = known
        found += [(own, text, position) for own, text in known]
    rows = pa.array([position for _, _, position in found], pa.int64())
    made = pa.table(
        {
            "record_key": pa.array([key for key, _, _ in found], pa.string()),
            "payload": pa.array([text for _, text, _ in found], pa.string()),
            "source_updated_at": read.column("source_updated_at").take(rows),
            "collection_id": read.column("collection_id").take(rows),
        }
    )
    connection.register("templates", made)
    return len(found), len({key for key, _, _ in found})


def _write(connection: DuckDBPyConnection, base: str, target: Vault, path: str) -> None:
    place = target.folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(
        f"""
        copy (
            select record_key, source_updated_at, collection_id, payload_sha256, payload
            from read_parquet('{base}', hive_partitioning = false)
            union all
            select record_key, source_updated_at, collection_id, sha256(payload), payload
            from (
                select
                    replace(record_key, '{MARK}', tag) as record_key,
                    source_updated_at,
                    collection_id,
                    replace(payload, '{MARK}', tag) as payload
                from templates cross join tags
            )
        ) to '{place.as_posix()}' (format parquet, compression zstd, compression_level 1, row_group_size {ROW_GROUP})
        """
    )
