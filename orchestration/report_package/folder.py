"""The folder while it is being written, with an account of its columns, and how it is put in place."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.report_package.columns import DATA_DICTIONARY, Column
from orchestration.report_package.csv_export import Exported, export_query, sha256_file, write_rows
from orchestration.report_package.manifest import MANIFEST

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


class PackageConflict(Exception):  # noqa: N818 - reads as the fact it states
    """A finished package of the same digest stands in the way and was altered."""


class PackageFolder:
    """Writes files into a new folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.neutralized = 0
        self._dictionary: list[tuple[str, Column, str]] = []

    def text(self, name: str, content: str) -> None:
        """Write a text file (UTF-8, line feeds as given)."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())

    def table(self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[object]], model: str) -> None:
        """Write a small CSV file in the order given."""
        done = write_rows(self.root / name, [column.name for column in columns], rows)
        self._account(name, columns, model, done)

    def query(
        self,
        name: str,
        con: DuckDBPyConnection,
        sql: str,
        order_by: Sequence[str],
        columns: Sequence[Column],
        model: str,
        *,
        with_leaves: bool = False,
    ) -> Exported:
        """Write the rows of a query as CSV, sorted."""
        done = export_query(con, sql, order_by, self.root / name, with_leaves=with_leaves)
        self._account(name, columns, model, done)
        return done

    def dictionary(self) -> None:
        """Write data_dictionary.csv over every CSV file written so far and itself."""
        self._dictionary += [("data_dictionary.csv", column, "package") for column in DATA_DICTIONARY]
        rows = [(file, c.name, c.type, c.description, model) for file, c, model in self._dictionary]
        files = sorted({row[0] for row in rows})
        ordered = [row for file in files for row in rows if row[0] == file]
        done = write_rows(self.root / "data_dictionary.csv", [c.name for c in DATA_DICTIONARY], ordered)
        self.neutralized += done.neutralized

    def _account(self, name: str, columns: Sequence[Column], model: str, done: Exported) -> None:
        self.neutralized += done.neutralized
        self._dictionary += [(name, column, model) for column in columns]


def put_in_place(built: Path, out_dir: Path, name: str, digest: str) -> Path:
    """Move a finished folder to its name, by one rename.

    A package of the same name and digest is kept and the new one dropped, being the same bytes; one of another digest
    is kept too and the new one gets ``<name>.<first 8 of its digest>``.

    Raises:
        PackageConflict: a package of this digest exists but its files are no longer those of its manifest.
    """
    for candidate in (out_dir / name, out_dir / f"{name}.{digest[:8]}"):
        if not candidate.exists():
            built.rename(candidate)
            return candidate
        manifest = candidate / MANIFEST
        if manifest.is_file() and sha256_file(manifest) == digest:
            if not _same(built, candidate):
                raise PackageConflict(f"{candidate.name} was altered after it was written: move it away and try again")
            shutil.rmtree(built)
            return candidate
    raise PackageConflict(f"{name}.{digest[:8]} exists with another content: move it away and try again")


def _same(left: Path, right: Path) -> bool:
    def contents(root: Path) -> dict[str, str]:
        files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
        return {path.relative_to(root).as_posix(): sha256_file(path) for path in files}

    return contents(left) == contents(right)


def write_zip(folder: Path) -> Path:
    """Write ``<folder>.zip``: sorted, fixed times and modes, level 1, so that equal folders give equal bytes."""
    target = folder.with_name(folder.name + ".zip")
    part = folder.with_name(f".{folder.name}.{os.getpid()}.zip.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", _EPOCH)
                entry.create_system, entry.external_attr, entry.compress_type = 3, _MODE, zipfile.ZIP_DEFLATED
                entry._compresslevel = 1  # type: ignore[attr-defined]  # streams do not take the archive's level
                with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target
