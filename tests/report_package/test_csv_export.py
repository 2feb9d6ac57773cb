from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.report_package import verify
from orchestration.report_package.csv_export import csv_line, export_query, write_rows
from orchestration.report_package.merkle import CHUNK, leaf_hash, merkle_root, root_from_proof

CASES = {
    "=cmd|'/c calc'!A1": "'=cmd|'/c calc'!A1",
    "+49 170": "'+49 170",
    "-x": "'-x",
    "@sum(1)": "'@sum(1)",
    "\tx": "'\tx",
    "\rx": "' x",
    "-": "'-",
    "-1.5": "-1.5",
    "+3": "+3",
    "-.5e+10": "-.5e+10",
    "-1\n": "'-1 ",
    "007": "007",
    "31415926535897932384": "31415926535897932384",
    "1e10": "1e10",
    "a,b": '"a,b"',
    'say "x"': '"say ""x"""',
    "=a,b": '"\'=a,b"',
    "a\r\nb": "a b",
    "a\n\rb": "a  b",
    "a\x0b\x0cb": "a  b",
    "a\x85b\u2028c\u2029d": "a b c d",
    "Zoë 日本 🧾": "Zoë 日本 🧾",
    " padded ": " padded ",
    "'already": "'already",
    "": "",
}


@pytest.mark.parametrize(("value", "cell"), CASES.items())
def test_cells(value: str, cell: str) -> None:
    assert csv_line([value])[0] == cell
    assert csv_line([value])[1] == int(cell.lstrip('"').startswith("'") and value != "'already")


def test_values_that_are_no_text() -> None:
    zone = timezone(timedelta(hours=-4))
    row = [
        None,
        True,
        False,
        -5,
        date(2026, 1, 2),
        datetime(2026, 1, 2, 3, tzinfo=zone),
        datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC),
    ]
    assert csv_line(row) == (",true,false,-5,2026-01-02,2026-01-02T07:00:00Z,2026-01-02T03:04:05.000060Z", 0)
    with pytest.raises(ValueError, match="without a zone"):
        csv_line([datetime(2026, 1, 2)])  # noqa: DTZ001


def _export(tmp_path: Path, rows: list[list[object]], types: list[str], **options: bool) -> tuple[bytes, int]:
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    names = [f"c{n}" for n in range(len(types))]
    con.execute(f"create table t ({', '.join(f'{n} {t}' for n, t in zip(names, types, strict=True))})")
    if rows:
        con.executemany(f"insert into t values ({', '.join('?' * len(types))})", rows)
    done = export_query(con, "select * from t", ["c0"], tmp_path / "x.csv", **options)
    return done.path.read_bytes(), done.neutralized


def test_the_engine_renders_every_case_alike(tmp_path: Path) -> None:
    rows: list[list[object]] = [[f"k{n:03d}", value] for n, value in enumerate(CASES)]
    content, neutralized = _export(tmp_path, rows, ["varchar", "varchar"], with_leaves=True)
    assert content.decode() == "c0,c1\n" + "".join(f"k{n:03d},{cell}\n" for n, cell in enumerate(CASES.values()))
    assert neutralized == sum(csv_line(row)[1] for row in rows)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8"), max_size=12) | st.none(), min_size=2, max_size=2),
        min_size=1,
        max_size=12,
    )
)
def test_engine_and_python_write_the_same_bytes(tmp_path: Path, texts: list[list[str | None]]) -> None:
    rows: list[list[object]] = [[f"k{n:03d}", *row] for n, row in enumerate(texts)]
    content, neutralized = _export(tmp_path, rows, ["varchar"] * 3)
    small = write_rows(tmp_path / "y.csv", ["c0", "c1", "c2"], rows)
    assert content == (tmp_path / "y.csv").read_bytes()
    assert neutralized == small.neutralized
    assert content.count(b"\n") == len(rows) + 1
    for line in content.decode().split("\n")[:-1]:
        assert verify.split_cells(line) == next(csv.reader(io.StringIO(line + "\r\n"), strict=True), [""])


def test_typed_columns_and_bytewise_order(tmp_path: Path) -> None:
    at = datetime(2026, 3, 8, 7, 0, 0, 250000, tzinfo=UTC)
    rows: list[list[object]] = [
        ["b", at, True, 1, 0.5],
        ["B", None, None, None, None],
        ["é", at, False, 10**12, 1e20],
        ["a/1", at, True, 2, 2.0],
        ["a-1", at, True, 2, 2.0],
    ]
    content, _ = _export(tmp_path, rows, ["varchar", "timestamptz", "boolean", "bigint", "double"])
    assert content.decode().split("\n")[1:] == [
        "B,,,,", "a-1,2026-03-08T07:00:00.250000Z,true,2,2.0", "a/1,2026-03-08T07:00:00.250000Z,true,2,2.0",
        "b,2026-03-08T07:00:00.250000Z,true,1,0.5", "é,2026-03-08T07:00:00.250000Z,false,1000000000000,1e+20", "",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, CHUNK, 2 * CHUNK + 7])
def test_tree_and_proofs_over_the_exact_lines(tmp_path: Path, count: int) -> None:
    con = duckdb.connect()
    con.execute(f"create table t as select 'k' || i as k, 'é, ' || i as v from range({count}) r(i)")
    done = export_query(con, "select * from t", ["k"], tmp_path / "x.csv", with_leaves=True)
    lines = done.path.read_bytes().split(b"\n")[1:-1]
    assert len(lines) == count == done.rows
    assert done.tree.root() == merkle_root(lines)
    for absent in ("", "k5x", "z"):
        with pytest.raises(KeyError):
            done.index_of(absent, 0)
    for index in {0, count // 2, count - 1} if count else ():
        assert done.index_of(lines[index].decode().split(",")[0], 0) == index
        assert root_from_proof(leaf_hash(lines[index]), index, count, done.proof(index)) == done.tree.root()
