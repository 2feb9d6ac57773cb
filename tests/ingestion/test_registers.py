from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from ingestion import spreadsheet
from ingestion.contract import NotFound, SourceError
from ingestion.ledger import Ledger
from ingestion.pipeline import collect
from ingestion.sources import RAW_TABLES
from ingestion.sources.registers import RESOURCES, doctor
from ingestion.sources.registers.config import RegistersInstance
from ingestion.sources.registers.schema import REGISTERS
from ingestion.sources.registers.templates import files
from ingestion.tabular import Content, Rejected, read_table
from ingestion.vault import Vault
from orchestration.warehouse import register_raw

PROJECT = Path(__file__).parents[2]
TICKS = [datetime(2025, month, 1, 4, 30, tzinfo=UTC) for month in (10, 11)]
TABLES = {table.name: table for table in REGISTERS}
OWNERS = TABLES["control_owners"]
HEADER = b"control_id,owner_worker_id,owner,owner_email,backup_email,valid_from,valid_to\n"
GOOD = b"CM-01,bamboohr-us:7,Ada,ada@harbor.example,,2025-01-01,\n"


def read(folder: Path, content: bytes, name: str = "control_owners") -> Content:
    (folder / f"{name}.csv").write_bytes(content)
    return read_table(TABLES[name], folder)


def test_templates_and_readme_are_those_of_the_schema() -> None:
    made = files()
    found = {path.name: path.read_text(encoding="utf-8") for path in (PROJECT / "registers").iterdir()}
    assert found == made


def test_templates_are_valid_empty_registers() -> None:
    for table in REGISTERS:
        content = read_table(table, PROJECT / "registers")
        assert (content.rows, content.rejected) == ([], [])


def test_schema_is_sound() -> None:
    assert [resource.name for resource in RESOURCES] == [*TABLES, "quarantine"]
    assert set(RAW_TABLES["registers"]) == {*TABLES, "quarantine"}
    for table in REGISTERS:
        assert len(set(table.header)) == len(table.header), table.name
        assert set(table.key) <= set(table.header), table.name
        for column in table.columns:
            assert column.description.endswith("."), (table.name, column.name)
            assert bool(column.choices) is (column.kind == "choice"), (table.name, column.name)


def test_good_rows_keep_their_text(tmp_path: Path) -> None:
    content = read(tmp_path, HEADER + b'CM-01, bamboohr-us:7 ,"A ""quoted"", name\n on two lines",,,2025-01-01,\n')
    (row,) = content.rows
    assert row.key == "CM-01/2025-01-01"
    assert row.line == 2
    assert row.cells["owner_worker_id"] == "bamboohr-us:7"
    assert row.cells["owner"] == 'A "quoted", name\n on two lines'
    assert row.cells["valid_to"] is None


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEADER + GOOD,  # BOM
        (HEADER + GOOD).replace(b"\n", b"\r\n"),
        (HEADER + GOOD).replace(b"\n", b"\r"),
        HEADER + GOOD.rstrip(b"\n"),  # no last line end
        HEADER + b"\n,,,,,,\n" + GOOD + b"\n\n",  # blank lines
        b"valid_from,control_id,owner\n2025-01-01,CM-01,Ada\n",  # other order, optional columns left out
        b" control_id , valid_from \nCM-01,2025-01-01\n",
    ],
)
def test_harmless_variations_load(tmp_path: Path, content: bytes) -> None:
    found = read(tmp_path, content)
    assert [row.key for row in found.rows] == ["CM-01/2025-01-01"]
    assert found.rejected == []


BAD_ROWS: list[tuple[bytes, str]] = [
    (b"CM-02,,,,,2025-01-01\n", "has 6 cells, the header has 7"),
    (b"CM-02,,,,,2025-01-01,,,\n", "has 9 cells, the header has 7"),
    (b",,,,,2025-01-01,\n", "control_id is empty"),
    (b"CM-02,,,,,,\n", "valid_from is empty"),
    (b"CM-02,,,,,01/02/2025,\n", "valid_from must be a date like 2025-10-31"),
    (b"CM-02,,,,,2025-02-30,\n", "valid_from must be a date"),
    (b"CM-02,,,,,20250101,\n", "valid_from must be a date"),
    ("CM-02,,,,,\uff12\uff10\uff12\uff15-01-01,\n".encode(), "valid_from must be a date"),  # full-width digits
    (b"CM-02,,Jos\xe9,,,2025-01-01,\n", "is not UTF-8"),
    (b"CM-02,,\x00,,,2025-01-01,\n", "holds a NUL byte"),
    (b"CM-02,," + b"x" * 1_000_000 + b",,,2025-01-01,\n", "holds a cell of 1,000,000 characters"),
    (b'CM-02,,"a"b,,,2025-01-01,\n', "not valid CSV"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD_ROWS)
def test_bad_row_is_set_aside_and_the_others_load(tmp_path: Path, bad: bytes, reason: str) -> None:
    content = read(tmp_path, HEADER + GOOD + bad + GOOD.replace(b"CM-01", b"CM-03"))
    assert [row.cells["control_id"] for row in content.rows] == ["CM-01", "CM-03"]
    (rejected,) = content.rejected
    assert rejected.line == 3
    assert reason in rejected.reason
    assert len(rejected.row) <= 2_000
    rejected.row.encode()


def test_quote_that_never_closes_is_reported_where_it_opens(tmp_path: Path) -> None:
    content = read(tmp_path, HEADER + GOOD + b'CM-02,,"open,,,2025-01-01,\n' + GOOD)
    assert len(content.rows) == 1
    (rejected,) = content.rejected
    assert rejected.line == 3
    assert "not valid CSV" in rejected.reason


def test_repeated_keys(tmp_path: Path) -> None:
    same = read(tmp_path, HEADER + GOOD + GOOD)
    assert [row.line for row in same.rows] == [2]
    assert [(rejected.line, rejected.reason) for rejected in same.rejected] == [
        (3, "control_id/valid_from CM-01/2025-01-01 stands on line 2 too")
    ]
    other = read(tmp_path, HEADER + GOOD + GOOD.replace(b"Ada", b"Eve") + GOOD.replace(b"CM-01", b"CM-02"))
    assert [row.key for row in other.rows] == ["CM-02/2025-01-01"]  # nothing tells which of the two is meant
    assert [rejected.line for rejected in other.rejected] == [2, 3]


@pytest.mark.parametrize(
    ("name", "row", "reason"),
    [
        ("entitlements", "okta,okta-harbor,grop,g1,,,,2025-01-01,", "kind must be one of app, group"),
        ("entitlements", "okta,okta-harbor,group,g1,,yes,,2025-01-01,", "is_privileged must be true or false"),
        ("thresholds", "LA-04,high_days,five,2025-01-01,,,", "value must be a number"),
        ("thresholds", "LA-04,high_days,\uff15,2025-01-01,,,", "value must be a number"),
        ("thresholds", "LA-04,high_days,NaN,2025-01-01,,,", "value must be a number"),
        (
            "thresholds",
            "LA-04,high_days,5,2025-01-01,,2025-01-01T10:00:00,",
            "changed_at must be an instant with its offset",
        ),
        ("contractors", "c1,,,,2025-01-01,,,2025-13-01T00:00:00,,", "terminated_at must be a date, a local time"),
        ("contractors", "c1,,,,2025-01-01,,,,,Mars/Base", "zone must be a time zone"),
        ("change_policies", "101,true,1.5,true,2025-01-01,", "required_approvals must be a whole number"),
    ],
)
def test_kinds_of_cells(tmp_path: Path, name: str, row: str, reason: str) -> None:
    content = read(tmp_path, f"{','.join(TABLES[name].header)}\n{row}\n".encode(), name)
    assert content.rows == []
    assert reason in content.rejected[0].reason


@pytest.mark.parametrize(
    "moment", ["2025-03-01", "2025-03-01T17:00", "2025-03-01 17:00:00", "2025-03-01T17:00:00-05:00"]
)
def test_moments(tmp_path: Path, moment: str) -> None:
    header = ",".join(TABLES["contractors"].header)
    content = read(tmp_path, f"{header}\nc1,,,,2025-01-01,,,{moment},,\n".encode(), "contractors")
    assert content.rows[0].cells["terminated_at"] == moment


def test_booleans_are_written_one_way(tmp_path: Path) -> None:
    content = read(
        tmp_path,
        b"repository_id,check_name,is_functional_test,valid_from\n101,e2e,TRUE,2025-01-01\n",
        "functional_checks",
    )
    assert content.rows[0].cells["is_functional_test"] == "true"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\xff\xfe" + (HEADER + GOOD).decode().encode("utf-16-le"), "header"),
        (HEADER.replace(b"owner_email", b"owner_mail"), "unknown columns: owner_mail"),
        (HEADER.replace(b"owner_email", b"owner"), "columns twice: owner"),
        (b"control_id;valid_from\n", "unknown columns: control_id;valid_from"),
        (b"control_id,owner\n", "lacks the columns valid_from"),
        (b"control_id,valid_from,\n", r"unknown columns: \(empty\)"),
        (b"PK\x03\x04\x00\x00", "header"),
    ],
)
def test_wrong_file_is_refused_as_a_whole(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        read(tmp_path, content)


def workbook(folder: Path, *sheets: list[list[Any]], name: str = "control_owners") -> None:
    with xlsxwriter.Workbook(folder / f"{name}.xlsx", {"strings_to_formulas": False}) as book:
        day, moment = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
        for cells in sheets:
            sheet = book.add_worksheet()
            for row, values in enumerate(cells):
                for column, value in enumerate(values):
                    form = moment if isinstance(value, datetime) else day if isinstance(value, date) else None
                    sheet.write(row, column, value, form)


COLUMNS = HEADER.decode().strip().split(",")


def test_a_workbook_reads_as_the_same_table_does_from_csv(tmp_path: Path) -> None:
    csv, xlsx = tmp_path / "csv", tmp_path / "xlsx"
    csv.mkdir()
    xlsx.mkdir()
    workbook(xlsx, [COLUMNS, ["CM-01", "bamboohr-us:7", "=Ada", "ada@harbor.example", "", date(2025, 1, 1)], []], [[]])
    expected = read(csv, HEADER + GOOD.replace(b"Ada", b"=Ada"))
    found = read_table(OWNERS, xlsx)
    assert found.rows == expected.rows
    assert (found.file, expected.file) == ("control_owners.xlsx", "control_owners.csv")
    assert found.rejected == []
    workbook(
        xlsx, [["control_id", "parameter", "value", "changed_at"], ["LA-01", "dormant_days", 60.0, 45992.5]], name="x"
    )
    assert list(spreadsheet.records((xlsx / "x.xlsx").read_bytes(), "x.xlsx"))[1][1][2:] == ["60", "45992.5"]


def test_rows_of_a_workbook_that_do_not_fit_are_set_aside_by_their_row(tmp_path: Path) -> None:
    workbook(
        tmp_path,
        [
            COLUMNS,
            ["CM-01", "", "", "", "", date(2025, 1, 1)],
            ["CM-02", 12345678901234567, "", "", "", date(2025, 1, 1)],
            ["CM-03", "", "", "", "", "soon"],
            ["CM-04", "", "", "", "", date(2025, 1, 1), "", "beyond the header"],
            ["LA-01", "", "", "", "", datetime(2025, 1, 1, 17, 30)],  # noqa: DTZ001 - a cell has no zone
        ],
    )
    content = read_table(OWNERS, tmp_path)
    assert [row.key for row in content.rows] == ["CM-01/2025-01-01"]
    assert [(entry.line, entry.reason) for entry in content.rejected] == [
        (3, "cell 2 is a number of more than 15 digits, which a spreadsheet rounds: format the cell as text"),
        (4, "valid_from must be a date like 2025-10-31"),
        (5, "has 8 cells, the header has 7"),
        (6, "valid_from must be a date like 2025-10-31"),
    ]


def test_workbooks_that_cannot_be_read_say_what_to_do(tmp_path: Path) -> None:
    for suffix in ("xls", "ods", "xlsm"):
        other = tmp_path / f"control_owners.{suffix}"
        other.write_bytes(b"PK")
        with pytest.raises(SourceError, match=r"Save it as control_owners\.xlsx, or as control_owners\.csv"):
            read_table(OWNERS, tmp_path)
        other.unlink()
    (tmp_path / "control_owners.xlsx").write_bytes(b"PK")
    with pytest.raises(SourceError, match="not an Excel workbook"):
        read_table(OWNERS, tmp_path)
    with pytest.raises(SourceError, match=r"control_owners\.csv and control_owners\.xlsx both exist"):
        read(tmp_path, HEADER)
    (tmp_path / "control_owners.csv").unlink()
    workbook(tmp_path, [COLUMNS], [["CM-01"]])
    with pytest.raises(SourceError, match="more than one sheet"):
        read_table(OWNERS, tmp_path)
    workbook(tmp_path, [["control_id", "owner"]])
    with pytest.raises(SourceError, match=r"control_owners\.xlsx lacks the columns valid_from"):
        read_table(OWNERS, tmp_path)
    workbook(tmp_path, [])
    with pytest.raises(SourceError, match=r"control_owners\.xlsx is empty"):
        read_table(OWNERS, tmp_path)
    with pytest.raises(NotFound, match="does not exist"):
        read_table(TABLES["systems"], tmp_path)


def write_all(folder: Path) -> None:
    folder.mkdir()
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


def test_collected_with_history_quarantine_and_hash(tmp_path: Path) -> None:
    folder = tmp_path / "registers"
    write_all(folder)
    instance = RegistersInstance(folder=folder)

    def edit(tick: datetime) -> None:
        owner = b"Ada" if tick == TICKS[0] else b"Eve"
        (folder / "control_owners.csv").write_bytes(HEADER + GOOD.replace(b"Ada", owner) + b"CM-02,,,,,soon,\n")
        (folder / "systems.csv").write_text("wrong\n")

    vault = Vault(tmp_path / "vault")
    options: dict[str, Any] = {"work_dir": tmp_path / "dlt", "collect_from": TICKS[0], "code_version": "0.1.0"}
    report = collect(vault, [instance], TICKS, on_tick=edit, **options)
    assert {outcome.resource for outcome in report.failed} == {"systems"}
    entry = Ledger(vault).of("registers", "control_owners")[0]
    assert entry.facts["source_total"] == 2
    assert entry.facts["rows"] == 1
    assert entry.facts["parameters"]["rows_rejected"] == 1
    assert len(entry.facts["parameters"]["file_sha256"]) == 64
    with duckdb.connect() as connection:
        register_raw(connection, vault)
        owners = connection.execute(
            "select record_key, payload ->> '$.owner', payload ->> '$._context.file' from raw_registers.control_owners"
            " order by collection_id"
        ).fetchall()
        rejected = connection.execute(
            "select record_key, payload ->> '$.reason' from raw_registers.quarantine order by collection_id"
        ).fetchall()
    assert owners == [("CM-01/2025-01-01", name, "control_owners.csv") for name in ("Ada", "Eve")]
    assert [key.rpartition("/")[0] for key, _ in rejected] == ["control_owners.csv/3"] * 2
    assert rejected[0][1] == "valid_from must be a date like 2025-10-31"
    assert str(tmp_path) not in "".join(entry.text for entry in Ledger(vault).entries)
    findings = {finding.check: finding for finding in doctor(instance)}
    assert not findings["registers: systems.csv"].ok
    assert "line 3: valid_from must be" in findings["registers: control_owners.csv"].detail
    assert findings["registers: thresholds.csv"].ok


def test_absent_register_is_not_available_until_it_was_there_once(tmp_path: Path) -> None:
    folder = tmp_path / "registers"
    write_all(folder)
    (folder / "systems.csv").unlink()

    def lose(tick: datetime) -> None:
        if tick == TICKS[1]:
            (folder / "control_owners.csv").unlink()

    vault = Vault(tmp_path / "vault")
    report = collect(
        vault,
        [RegistersInstance(folder=folder)],
        TICKS,
        work_dir=tmp_path / "dlt",
        collect_from=TICKS[0],
        code_version="0.1.0",
        on_tick=lose,
    )
    assert [(outcome.resource, outcome.window_end) for outcome in report.failed] == [("control_owners", TICKS[1])]
    assert [entry.facts["permission"]["result"] for entry in Ledger(vault).of("registers", "systems")] == [
        "not_available"
    ] * 2


def test_unclosed_row_keeps_no_more_than_it_should(tmp_path: Path) -> None:
    content = read(tmp_path, HEADER + b'"' + b"x," * 500_000)
    assert isinstance(content.rejected[0], Rejected)
    assert len(content.rejected[0].row) <= 2_000
