"""Reading tables that people edit (CSV, .xlsx): a declared schema, every row validated, a bad row set aside with why.

Nothing is guessed: a file whose header is wrong is refused as a whole; a row that does not fit is quarantined with its
line number, and the good rows load.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from ingestion import spreadsheet
from ingestion.contract import NotFound, SourceError, sha256_text

LONGEST_CELL = 32_767
"""Characters; what a spreadsheet cell holds."""
_QUOTED = 2_000  # characters of a rejected row that are kept
_PARSE_LIMIT = 1 << 26  # characters that the CSV parser takes for one cell before it gives up
_OTHER_SPREADSHEETS = (".xls", ".xlsb", ".xlsm", ".ods")

Kind = Literal["text", "date", "instant", "moment", "boolean", "integer", "decimal", "zone", "choice"]
KINDS: dict[str, str] = {
    "text": "text",
    "date": "date `2025-10-31`",
    "instant": "instant with offset `2025-10-31T17:00:00-04:00`",
    "moment": "date, local time of the zone, or instant with offset",
    "boolean": "`true` · `false`",
    "integer": "whole number",
    "decimal": "number",
    "zone": "time zone `America/New_York`",
}
"""How the documentation names the kinds; a choice names its choices."""


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes:
        name: Header cell.
        description: What people write there.
        kind: How the text is validated; it is kept as text.
        required: Whether the cell may be empty.
        choices: The allowed texts of a `choice`.
    """

    name: str
    description: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """The schema of one file.

    Attributes:
        name: Raw table and file name without `.csv`.
        description: What the file is for.
        key: Columns that identify a row; always required.
        columns: All columns, in the order of the template.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}.csv"

    @property
    def header(self) -> list[str]:
        """The header of the template."""
        return [column.name for column in self.columns]

    def required(self, column: Column) -> bool:
        """Whether a cell of the column must be filled."""
        return column.required or column.name in self.key


@dataclass(frozen=True)
class Row:
    """A good row: its key, its line in the file, its cells (None where empty)."""

    key: str
    line: int
    cells: dict[str, str | None]


@dataclass(frozen=True)
class Rejected:
    """A row that was set aside.

    Attributes:
        line: Where the row begins.
        reason: Why, in words that the editor of the file understands.
        row: The row as CSV text, cut after 2,000 characters.
        sha256: Hash of the whole row's text.
    """

    line: int
    reason: str
    row: str
    sha256: str


@dataclass(frozen=True)
class Content:
    """A file that was read: its name, the hash of exactly the bytes that were read, and its rows."""

    file: str
    sha256: str
    size: int
    rows: list[Row]
    rejected: list[Rejected]


def _is(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def valid(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return valid


@cache
def _zones() -> frozenset[str]:
    """The known time zones; finding them walks the zone database on disk."""
    return frozenset(available_timezones())


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOCAL = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_INSTANT = re.compile(_LOCAL + r"(Z|[+-][0-9]{2}:[0-9]{2})")
_MOMENT = re.compile(_LOCAL + r"(Z|[+-][0-9]{2}:[0-9]{2})?|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_VALID: dict[str, tuple[Callable[[str], bool], str]] = {
    "text": (lambda _: True, ""),
    "date": (lambda text: bool(_DATE.fullmatch(text)) and _is(date.fromisoformat)(text), "a date like 2025-10-31"),
    "instant": (
        lambda text: bool(_INSTANT.fullmatch(text)) and _is(datetime.fromisoformat)(text),
        "an instant with its offset, like 2025-10-31T17:00:00-04:00",
    ),
    "moment": (
        lambda text: bool(_MOMENT.fullmatch(text)) and _is(datetime.fromisoformat)(text),
        "a date, a local time or an instant, like 2025-10-31, 2025-10-31T17:00:00 or 2025-10-31T17:00:00-04:00",
    ),
    "boolean": (lambda text: text.lower() in ("true", "false"), "true or false"),
    "integer": (lambda text: bool(re.fullmatch(r"-?[0-9]{1,18}", text)), "a whole number"),
    "decimal": (lambda text: bool(re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text)), "a number like 12.5"),
    "zone": (lambda text: text in _zones(), "a time zone like America/New_York"),
}


def read_table(table: Table, folder: Path) -> Content:
    """Read and validate `<folder>/<table>.csv`, or `<table>.xlsx` where that is kept instead.

    Rows of one key with different cells are all rejected, since nothing tells which one is meant; of equal rows the
    first is kept.

    Raises:
        NotFound: There is no such file.
        SourceError: The file as a whole cannot be read: no or wrong header, both forms at once, another spreadsheet.
    """
    path = _path(table, folder)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"{table.file} does not exist.", "Copy the template; a header alone is a valid file.") from None
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read ({type(error).__name__}).", "Check the file.") from None
    rows, rejected = _rows(table, path.name, content)
    rows, repeated = _without_repeats(rows, table)
    rejected = sorted(rejected + repeated, key=lambda entry: (entry.line, entry.reason))
    return Content(path.name, hashlib.sha256(content).hexdigest(), len(content), rows, rejected)


def _path(table: Table, folder: Path) -> Path:
    path = folder / table.file
    workbook = path.with_suffix(".xlsx")
    for suffix in _OTHER_SPREADSHEETS:
        if (other := path.with_suffix(suffix)).exists():
            raise SourceError(
                f"{other.name} is a kind of spreadsheet that is not read.",
                f"Save it as {workbook.name}, or as {table.file} (CSV UTF-8), and remove it.",
            )
    if not workbook.exists():
        return path
    if path.exists():
        raise SourceError(f"{path.name} and {workbook.name} both exist.", "Keep the one that holds, remove the other.")
    return workbook


def _rows(table: Table, file: str, content: bytes) -> tuple[list[Row], list[Rejected]]:
    records = spreadsheet.records(content, file) if file.endswith(".xlsx") else _records(content)
    first = next(records, None)
    if first is None:
        raise SourceError(f"{file} is empty.", f"Its first line must be: {','.join(table.header)}")
    names = _header(table, file, first[1])
    columns = {column.name: column for column in table.columns}
    rows: list[Row] = []
    rejected: list[Rejected] = []
    for line, cells, broken in records:
        if broken is None and not any(cell.strip() for cell in cells):
            continue
        reason = broken or _unreadable(cells) or _misshapen(cells, names)
        values: dict[str, str | None] = dict.fromkeys(columns)
        if reason is None:
            values |= {name: cell.strip() or None for name, cell in zip(names, cells, strict=True)}
            reason = "; ".join(_faults(table, values))
        if reason:
            rejected.append(_reject(line, reason, cells))
            continue
        for name, column in columns.items():
            if column.kind == "boolean" and (value := values[name]) is not None:
                values[name] = value.lower()
        rows.append(Row("/".join(str(values[name]) for name in table.key), line, values))
    return rows, rejected


def _records(content: bytes) -> Iterator[tuple[int, list[str], str | None]]:
    """(line where it begins, cells, why it is broken) of every record; undecodable bytes arrive as lone surrogates."""
    text = content.decode("utf-8-sig", errors="surrogateescape")
    previous = csv.field_size_limit(_PARSE_LIMIT)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines: list[str] | None = None
        while True:
            begin = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                lines = lines or text.splitlines(keepends=True)
                yield begin, ["".join(lines[begin - 1 : reader.line_num]).rstrip("\r\n")], f"not valid CSV: {error}"
                continue
            yield begin, cells, None
    finally:
        csv.field_size_limit(previous)


def _header(table: Table, file: str, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    expected = f"Its first line must be: {','.join(table.header)}"
    if _unreadable(names):
        raise SourceError(f"{file}: the header {_unreadable(names)}.", expected)
    if unknown := [name for name in names if name not in table.header]:
        raise SourceError(
            f"{file} has unknown columns: {', '.join(name[:60] or '(empty)' for name in unknown)}.", expected
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SourceError(f"{file} has columns twice: {', '.join(twice)}.", expected)
    needed = [column.name for column in table.columns if table.required(column)]
    if missing := [name for name in needed if name not in names]:
        raise SourceError(f"{file} lacks the columns {', '.join(missing)}.", expected)
    return names


def _unreadable(cells: list[str]) -> str | None:
    for cell in cells:
        if "\x00" in cell:
            return "holds a NUL byte"
        if any("\ud800" <= character <= "\udfff" for character in cell):
            return "is not UTF-8; save the file as CSV UTF-8"
        if len(cell) > LONGEST_CELL:
            return f"holds a cell of {len(cell):,} characters; {LONGEST_CELL:,} are allowed"
    return None


def _misshapen(cells: list[str], names: list[str]) -> str | None:
    return None if len(cells) == len(names) else f"has {len(cells)} cells, the header has {len(names)}"


def _faults(table: Table, values: dict[str, str | None]) -> Iterator[str]:
    for column in table.columns:
        value = values[column.name]
        if value is None:
            if table.required(column):
                yield f"{column.name} is empty"
        elif column.kind == "choice":
            if value not in column.choices:
                yield f"{column.name} must be one of {', '.join(column.choices)}"
        elif not _VALID[column.kind][0](value):
            yield f"{column.name} must be {_VALID[column.kind][1]}"
        elif column.name.endswith("_to") and column.kind == "date":
            begin = values.get(f"{column.name.removesuffix('_to')}_from")
            if begin is not None and _VALID["date"][0](begin) and value < begin:
                yield f"{column.name} lies before {column.name.removesuffix('_to')}_from"


def _reject(line: int, reason: str, cells: list[str]) -> Rejected:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    text = buffer.getvalue().replace("\x00", "\ufffd").encode("utf-8", errors="replace").decode()
    return Rejected(line, reason, text[:_QUOTED], sha256_text(text))


def _without_repeats(rows: list[Row], table: Table) -> tuple[list[Row], list[Rejected]]:
    by_key: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_key[row.key].append(row)
    good: list[Row] = []
    rejected: list[Rejected] = []
    for same in by_key.values():
        alike = all(row.cells == same[0].cells for row in same)
        good += same[:1] if alike else []
        for row in same[1:] if alike else same:
            others = ", ".join(str(other.line) for other in same if other is not row)
            reason = f"{'/'.join(table.key)} {row.key[:200]} stands on line {others} too"
            rejected.append(_reject(row.line, reason, [value or "" for value in row.cells.values()]))
    return sorted(good, key=lambda row: row.line), rejected
