"""CSV as the package writes it: one record one line, RFC 4180, the same bytes from every engine.

Large files are rendered by the engine: every row becomes one text (:func:`line_sql`) and its leaf digest, and Python
only passes buffers on. Small files are rendered by :func:`csv_line`, which follows the same rules:

* null and empty text are empty; booleans ``true``/``false``; dates ISO 8601; instants ISO 8601 in UTC with ``Z``
  (microseconds only where there are any);
* a line break inside a value (CR LF, LF, CR, VT, FF, U+0085, U+2028, U+2029) becomes one space;
* text that a spreadsheet would run as a formula (first character ``= + - @``, tab or CR) gets a leading ``'``
  unless it is a number; such cells are counted;
* a value is quoted only where it contains a comma or a quotation mark.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.report_package.merkle import CHUNK, Tree, leaf_hash
from orchestration.report_package.verify import split_cells

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINE_BREAKS = r"\r\n|[\n\r\x{0B}\x{0C}\x{85}\x{2028}\x{2029}]"
_BREAKS = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
_FORMULA_STARTS = "=+-@\t\r"
_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_IS_NUMBER = re.compile(_NUMBER)
_BATCH = 100_000


@dataclass
class Exported:
    """What is known of a file after it was written."""

    path: Path
    rows: int = 0
    tree: Tree = field(default_factory=Tree)
    neutralized: int = 0
    chunk_offsets: list[int] = field(default_factory=list)
    """Byte offset in the file at which each chunk of :data:`~.merkle.CHUNK` lines starts."""

    def chunk_leaves(self, chunk: int) -> bytes:
        """Return the leaf digests of one chunk, read again from the file."""
        with self.path.open("rb") as file:
            file.seek(self.chunk_offsets[chunk])
            count = min(CHUNK, self.rows - chunk * CHUNK)
            return b"".join(leaf_hash(file.readline()[:-1]) for _ in range(count))

    def index_of(self, key: str, column: int) -> int:
        """Return the position of the line whose cell at ``column`` is ``key``; the file is sorted by that cell.

        Raises:
            KeyError: there is no such line.
        """
        with self.path.open("rb") as file:

            def key_at(offset: int) -> str:
                file.seek(offset)
                return key_of(file.readline())

            def key_of(line: bytes) -> str:
                return split_cells(line[:-1].decode())[column]

            chunk = bisect_right(self.chunk_offsets, key, key=key_at) - 1
            if chunk >= 0:
                file.seek(self.chunk_offsets[chunk])
                for index in range(chunk * CHUNK, min((chunk + 1) * CHUNK, self.rows)):
                    if key_of(file.readline()) == key:
                        return index
        raise KeyError(key)

    def proof(self, index: int) -> list[bytes]:
        """Return the inclusion proof of the line at ``index`` (0 is the first line below the header)."""
        return self.tree.proof(index, self.chunk_leaves)


# --- small tables, rendered here -----------------------------------------------------------------------------------


def _is_formula(text: str) -> bool:
    return text[:1] in _FORMULA_STARTS and text != "" and _IS_NUMBER.fullmatch(text) is None


def instant_text(value: datetime) -> str:
    """Return an aware datetime as ISO 8601 in UTC with ``Z``; microseconds only where there are any."""
    if value.tzinfo is None:
        raise ValueError(f"an instant without a zone: {value!r}")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def cell_text(value: object) -> str:
    """Return one value as text before quoting and neutralisation."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def csv_line(values: Iterable[object]) -> tuple[str, int]:
    """Render one record; returns the line without its line feed and how many cells were neutralised."""
    cells: list[str] = []
    neutralized = 0
    for value in values:
        text = cell_text(value)
        if isinstance(value, str) and _is_formula(text):
            text, neutralized = "'" + text, neutralized + 1
        text = _BREAKS.sub(" ", text)
        if "," in text or '"' in text:
            text = '"' + text.replace('"', '""') + '"'
        cells.append(text)
    return ",".join(cells), neutralized


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Exported:
    """Write a small table; the rows are written in the order given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done = Exported(path)
    with path.open("wb") as file:
        file.write((csv_line(header)[0] + "\n").encode())
        for row in rows:
            text, neutralized = csv_line(row)
            file.write((text + "\n").encode())
            done.rows += 1
            done.neutralized += neutralized
    return done


# --- large tables, rendered by the engine --------------------------------------------------------------------------


def quoted(identifier: str) -> str:
    """Quote an identifier for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def _formula_sql(column: str) -> str:
    starts = ", ".join(str(ord(c)) for c in _FORMULA_STARTS)
    return f"(ascii({column}) in ({starts}) and not regexp_full_match({column}, {literal(_NUMBER)}))"


def _text_sql(column: str) -> str:
    special = r"""[\n\r\x{0B}\x{0C}\x{85}\x{2028}\x{2029}",]|^[=+\-@\t]"""
    mark = f"""case when contains({column}, ',') or contains({column}, '"') then '"' else '' end"""
    prefix = f"case when {_formula_sql(column)} then '''' else '' end"
    clean = f"""replace(regexp_replace({column}, {literal(LINE_BREAKS)}, ' ', 'g'), '"', '""')"""
    slow = f"concat({mark}, {prefix}, {clean}, {mark})"
    return f"case when regexp_matches({column}, {literal(special)}) then {slow} else {column} end"


def _instant_sql(column: str, is_utc: bool) -> str:
    utc = column if is_utc else f"make_timestamp(epoch_us({column}))"
    whole, parts = (f"strftime({utc}, '%Y-%m-%dT%H:%M:%S{fraction}Z')" for fraction in ("", ".%f"))
    return f"case when epoch_us({column}) % 1000000 = 0 then {whole} else {parts} end"


def cell_sql(column: str, data_type: str) -> str:
    """Return the SQL that renders one column as a finished cell (null where empty)."""
    name = quoted(column)
    kind = data_type.upper()
    if kind.startswith("TIMESTAMP WITH TIME ZONE") or kind == "TIMESTAMPTZ":
        return _instant_sql(name, is_utc=False)
    if kind.startswith("TIMESTAMP"):
        return _instant_sql(name, is_utc=True)
    if kind in {"BOOLEAN", "DATE", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "DOUBLE", "FLOAT"}:
        return f"cast({name} as varchar)"
    if kind.startswith("DECIMAL"):
        return f"cast({name} as varchar)"
    return _text_sql(name if kind == "VARCHAR" else f"cast({name} as varchar)")


def line_sql(columns: Sequence[tuple[str, str]]) -> str:
    """Return the SQL of a whole line without its line feed; ``columns`` are (name, engine type)."""
    return "concat(" + ", ',', ".join(cell_sql(name, kind) for name, kind in columns) + ", '')"


def export_query(
    con: DuckDBPyConnection, query: str, order_by: Sequence[str], path: Path, *, with_leaves: bool = False
) -> Exported:
    """Write the rows of a query as CSV, sorted bytewise.

    Args:
        con: connection of the engine.
        query: a select without ``order by``.
        order_by: columns to sort by; lines that tie are sorted by themselves unless leaves are asked for, since then
            the first column is a key.
        path: file to write; its folder is made.
        with_leaves: also compute leaf digests and the tree over the lines.

    Returns:
        Rows, neutralised cells and, where asked for, the tree.
    """
    described = con.execute(f"describe {query}").fetchall()
    columns = [(str(row[0]), str(row[1])) for row in described]
    path.parent.mkdir(parents=True, exist_ok=True)
    done = Exported(path, neutralized=_count_formulas(con, query, columns))
    keys = ", ".join(quoted(name) for name in order_by)
    order = ", ".join(f"{quoted(name)} nulls first" for name in order_by)
    sql = f"""
        select csv_line
        from (select {keys}, {line_sql(columns)} || chr(10) as csv_line from ({query}))
        order by {order}{"" if with_leaves else ", csv_line"}
    """  # noqa: S608 - identifiers come from the warehouse's own catalogue and are quoted
    with path.open("wb") as file, ThreadPoolExecutor(1) as beside:
        file.write((csv_line([name for name, _ in columns])[0] + "\n").encode())
        hashing: Future[None] | None = None
        for batch in con.execute(sql).to_arrow_reader(_BATCH):
            text, offsets = _pass_on(batch, file, done)
            if with_leaves:
                if hashing is not None:
                    hashing.result()
                hashing = beside.submit(_add_leaves, done.tree, text, offsets)  # while the engine makes the next batch
        if hashing is not None:
            hashing.result()
    return done


def _pass_on(batch: Any, file: Any, done: Exported) -> tuple[bytes, list[int]]:
    """Write the text buffer of one batch as it is; returns its bytes and where each line starts, and the last ends."""
    import numpy as np

    lines = batch.column(0)
    if len(lines) == 0:
        return b"", [0]
    wide = str(lines.type).startswith("large")
    _, offsets_buffer, data = lines.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int64 if wide else np.int32)
    offsets = offsets[lines.offset : lines.offset + len(lines) + 1]
    start = file.tell() - int(offsets[0])
    first = -done.rows % CHUNK
    done.chunk_offsets.extend(start + int(offsets[i]) for i in range(first, len(lines), CHUNK))
    text = memoryview(data)[int(offsets[0]) : int(offsets[-1])].tobytes()
    file.write(text)
    done.rows += len(lines)
    return text, (offsets - offsets[0]).tolist()


def _add_leaves(tree: Tree, text: bytes, offsets: list[int]) -> None:
    tree.add(b"".join([leaf_hash(text[at : end - 1]) for at, end in pairwise(offsets)]))


def _count_formulas(con: DuckDBPyConnection, query: str, columns: Sequence[tuple[str, str]]) -> int:
    texts = [quoted(name) for name, kind in columns if kind == "VARCHAR"]
    if not texts:
        return 0
    counts = " + ".join(f"count(*) filter (where {_formula_sql(name)})" for name in texts)
    row = con.execute(f"select {counts} from ({query})").fetchone()  # noqa: S608 - as above
    return int(row[0]) if row else 0


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, hex."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
