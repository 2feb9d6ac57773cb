"""Collecting folders of CSV files and workbooks: what the registers and the HR file drop have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.contract import Collection, Finding, NotFound, Permission, Resource, SourceError
from ingestion.tabular import Content, Table, read_table

if TYPE_CHECKING:
    import pyarrow as pa
    from dlt.extract.resource import DltResource

QUARANTINE = "quarantine"
_SHOWN = 20  # rejected lines that `doctor` names for each file


def file_resources(tables: Sequence[Table]) -> tuple[Resource, ...]:
    """One snapshot resource per file, and the quarantine of the rows that do not fit."""
    return (
        *(Resource(table.name, (table.name,), "snapshot", description=table.description) for table in tables),
        Resource(
            QUARANTINE, (QUARANTINE,), "snapshot", description="Rows that do not fit their file, with the reason."
        ),
    )


def dlt_resources(
    tables: Sequence[Table],
    folder: Path,
    collections: Mapping[str, Collection],
    context: Mapping[str, Any],
    *,
    optional: bool = False,
) -> Iterator[DltResource]:
    """The dlt resources of a folder of files.

    Args:
        tables: Their schemas.
        folder: Where they lie.
        collections: Which of them to collect, by resource name.
        context: Added to every payload as `_context`, besides the file's name.
        optional: Whether a file that was never there is `not_available` rather than a failure.
    """
    import dlt

    for table in tables:
        if table.name in collections:
            pages = _rows(table, folder, collections[table.name], context, optional)
            yield dlt.resource(pages, name=table.name)
    if QUARANTINE in collections:
        yield dlt.resource(_quarantine(tables, folder, collections[QUARANTINE]), name=QUARANTINE)


def _rows(
    table: Table, folder: Path, collection: Collection, context: Mapping[str, Any], optional: bool
) -> Iterator[pa.Table]:
    try:
        content = read_table(table, folder)
    except NotFound:
        if not optional or collection.previous_state.get("present"):
            raise
        collection.permission = Permission("not_available", f"there never was a file {table.file}")
        return
    collection.state["present"] = True
    collection.parameters |= _facts(content)
    collection.source_total = len(content.rows) + len(content.rejected)
    collection.permission = Permission("granted", "file read")
    collection.page_done()
    extra = {"_context": {**context, "file": content.file}}
    yield collection.page(table.name, ((row.key, None, row.cells | extra) for row in content.rows))


def _quarantine(tables: Sequence[Table], folder: Path, collection: Collection) -> Iterator[pa.Table]:
    """The rejected rows of all files; key `<file>/<line>/<first 8 of the row's SHA-256>`."""
    collection.permission = Permission("granted", "files read")
    for table in tables:
        try:
            content = read_table(table, folder)
        except SourceError:
            continue  # the file's own resource fails with this error
        collection.parameters[table.name] = _facts(content)
        collection.page_done()
        yield collection.page(
            QUARANTINE,
            (
                (
                    f"{content.file}/{entry.line}/{entry.sha256[:8]}",
                    None,
                    {"file": content.file, "line": entry.line, "reason": entry.reason, "row": entry.row},
                )
                for entry in content.rejected
            ),
        )


def _facts(content: Content) -> dict[str, Any]:
    """Which bytes were read, and how many rows did not fit."""
    return {
        "file": content.file,
        "file_sha256": content.sha256,
        "file_bytes": content.size,
        "rows_rejected": len(content.rejected),
    }


def examine(tables: Sequence[Table], folder: Path, instance: str, *, optional: bool = False) -> Iterator[Finding]:
    """One finding per file: whether it can be read, and how many rows do not fit."""
    for table in tables:
        check = f"{instance}: {table.file}"
        try:
            content = read_table(table, folder)
        except NotFound as error:
            yield Finding(check, optional, error.message, error.remedy)
            continue
        except SourceError as error:
            yield Finding(check, False, error.message, error.remedy)
            continue
        detail = f"{len(content.rows)} rows"
        if content.rejected:
            shown = [f"line {entry.line}: {entry.reason}" for entry in content.rejected[:_SHOWN]]
            more = [f"… and {len(content.rejected) - _SHOWN} more"] if len(content.rejected) > _SHOWN else []
            detail += f", {len(content.rejected)} set aside\n" + "\n".join(f"     {line}" for line in [*shown, *more])
        yield Finding(check, not content.rejected, detail, "Correct these lines." if content.rejected else "")
    yield from _strangers(tables, folder, instance)


def _strangers(tables: Sequence[Table], folder: Path, instance: str) -> Iterator[Finding]:
    """Tables which nobody reads, perhaps because their name is misspelt."""
    known = {table.name for table in tables}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() in {".csv", ".xlsx"} and path.stem not in known and not path.name.startswith("~$"):
            remedy = f"Rename it to one of {', '.join(sorted(known))}, or remove it."
            yield Finding(f"{instance}: {path.name}", False, "is read by nobody", remedy)
