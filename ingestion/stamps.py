"""Stamps: facts which this tool itself fixes once (freezes, seeds, draws, first detections), kept as collections.

They are written like any source, under source `itgc`, so that their history, hashes and times are in the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.contract import Collection, Resource, SourceError, Window, instant
from ingestion.landing import Attempt, Landing, end_facts, exclusive
from ingestion.ledger import Entry, Ledger, collection_id
from ingestion.vault import Vault

if TYPE_CHECKING:
    from dlt.extract.source import DltSource

SOURCE = "itgc"


@dataclass(frozen=True)
class Stamp:
    """One stamped record, as read back from the vault.

    Attributes:
        key: Its record key.
        payload: What was stamped.
        collection_id: The collection that carries it.
        stamped_at: The instant given when it was stamped.
    """

    key: str
    payload: dict[str, Any]
    collection_id: str
    stamped_at: datetime


def write_stamps(
    vault: Vault,
    table: str,
    records: Iterable[tuple[str, Mapping[str, Any]]],
    clock: datetime,
    *,
    work_dir: Path,
    code_version: str,
    parameters: Mapping[str, Any] | None = None,
) -> Entry:
    """Append stamps to the vault and commit them in the ledger.

    Args:
        vault: The vault.
        table: `freezes`, `seeds`, `draws` or `detections`.
        records: (record key, payload).
        clock: The instant of the stamp.
        work_dir: dlt's working directory.
        code_version: Version of this code, for the ledger.
        parameters: What the stamps were made from, for the ledger.

    Returns:
        The committed ledger entry.

    Raises:
        SourceError: The stamps could not be written, or another collection is running.
        ValueError: An unknown table.
    """
    from ingestion.sources import RAW_TABLES

    if table not in RAW_TABLES[SOURCE]:
        raise ValueError(f"stamps go to {', '.join(RAW_TABLES[SOURCE])}, not to {table!r}")
    with exclusive(work_dir):
        ledger = Ledger(vault)
        k = ledger.commits(SOURCE, table, clock)
        attempt = Attempt(
            Resource(table, (table,), "snapshot"),
            Collection(collection_id(SOURCE, table, clock, k), SOURCE, table, Window(None, clock), clock),
        )
        attempt.collection.parameters.update(parameters or {})
        identity = {
            "collection_id": attempt.collection.id,
            "source": SOURCE,
            "instance": SOURCE,
            "resource": table,
            "window_start": None,
            "window_end": instant(clock),
            "collected_at": instant(clock),
            "versions": {"code": code_version},
        }
        ledger.append("started", identity)
        landing = Landing(vault, SOURCE, SOURCE, work_dir)
        landing.extract(lambda collections: _source(table, records, collections[table]), [attempt])
        landing.load()
        landing.clean()
        entry = ledger.append("failed" if attempt.error else "committed", identity | end_facts(attempt))
        if attempt.error:
            raise SourceError(f"{table} could not be stamped: {attempt.error}", "Nothing was committed; try again.")
        return entry


def _source(table: str, records: Iterable[tuple[str, Mapping[str, Any]]], collection: Collection) -> DltSource:
    import dlt

    def pages() -> Iterator[Any]:
        yield collection.page(table, ((key, None, payload) for key, payload in records))

    @dlt.source(name=SOURCE, max_table_nesting=0)
    def itgc() -> Any:
        return dlt.resource(pages, name=table)

    return itgc()


def read_stamps(vault: Vault, table: str, ledger: Ledger | None = None) -> list[Stamp]:
    """All committed stamps of a table, in the order in which they were committed (within a collection, by key).

    Args:
        vault: The vault.
        table: `freezes`, `seeds`, `draws` or `detections`.
        ledger: The vault's ledger, when it is already at hand.
    """
    import pyarrow.parquet as pq

    from ingestion.contract import parse_instant

    stamps: list[Stamp] = []
    for entry in (ledger or Ledger(vault)).of(SOURCE, table):
        stamped_at = parse_instant(entry.facts["collected_at"])
        found: list[Stamp] = []
        for _, file in entry.files():
            with vault.open(file["path"]) as handle:
                rows = pq.read_table(handle).to_pylist()
            found += [
                Stamp(row["record_key"], json.loads(row["payload"]), entry.collection_id, stamped_at) for row in rows
            ]
        stamps += sorted(found, key=lambda stamp: stamp.key)
    return stamps
