from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.ledger import Ledger
from ingestion.pipeline import collect, write_stamps
from ingestion.sources import RAW_TABLES, SOURCES, connector
from ingestion.vault import Vault
from orchestration.warehouse import VaultDamaged, check_vault_files, register_raw
from tests.ingestion.fake_source import INSTANCE, install

TICKS = [datetime(2025, 10, day, tzinfo=UTC) for day in (1, 2)]
RAW_SCHEMA = [
    ("record_key", "VARCHAR"),
    ("source_updated_at", "TIMESTAMP WITH TIME ZONE"),
    ("collection_id", "VARCHAR"),
    ("payload_sha256", "VARCHAR"),
    ("payload", "VARCHAR"),
]


def filled(root: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    install(monkeypatch)
    vault = Vault(root)
    collect(
        vault,
        [INSTANCE],
        TICKS,
        work_dir=tmp_path / "dlt",
        collect_from=datetime(2025, 9, 30, tzinfo=UTC),
        code_version="0.1.0",
    )
    return vault


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    return filled(tmp_path / "it's a vault", tmp_path, monkeypatch)


def described(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(f"describe {relation}").fetchall()]


def test_all_raw_tables_exist_even_in_an_empty_vault(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        register_raw(connection, Vault(tmp_path / "vault"))
        for source, tables in RAW_TABLES.items():
            for table in tables:
                assert described(connection, f"raw_{source}.{table}") == RAW_SCHEMA
        assert connection.execute("select count(*) from raw_ledger.collections").fetchone() == (0,)
        assert connection.execute("select count(*) from raw_ledger.collection_tables").fetchone() == (0,)


def test_views_read_committed_files_only(vault: Vault, tmp_path: Path) -> None:
    left = "raw_fake/users/collection=fake-one.users.20251003T000000Z.0/1.torn.parquet"
    vault.create(left, b"PAR1 torn")
    warehouse = tmp_path / "warehouse.duckdb"
    for _ in range(2):  # registering again replaces
        with duckdb.connect(str(warehouse)) as connection:
            register_raw(connection, vault)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert described(connection, "raw_fake.users") == RAW_SCHEMA
        assert connection.execute("select count(*) from raw_fake.users").fetchone() == (8,)
        assert connection.execute(
            "select table_name, rows, distinct_keys, json_array_length(files) from raw_ledger.collection_tables"
            " where collection_id = 'fake-one.log.20251001T000000Z.0' order by 1"
        ).fetchall() == [("log", 1, 1, 1), ("shared", 1, 1, 1)]
    assert [(problem.kind, problem.path) for problem in check_vault_files(vault)] == [("leftover", left)]


def test_ledger_tables(vault: Vault) -> None:
    with duckdb.connect() as connection:
        register_raw(connection, vault)
        connection.execute("set timezone = 'UTC'")
        query = """
            select entry_sha256 = sha256(entry), kind, window_start, window_end, rows, permission, error, gaps
            from raw_ledger.collections where resource = 'log' order by n
        """
        found = connection.execute(query).fetchall()
        assert all(row[0] for row in found)
        assert [row[1] for row in found] == ["started", "started", "committed", "committed"]
        assert found[0][4:] == (None, None, None, None)
        assert found[3][2:] == (datetime(2025, 9, 30, 23, tzinfo=UTC), TICKS[1], 2, "granted", None, "[]")
        broken = connection.execute(
            "select count(*) from (select previous_sha256, lag(entry_sha256) over (order by n) as before, n"
            " from raw_ledger.collections) where n > 1 and previous_sha256 <> before"
        ).fetchone()
        assert broken == (0,)


@pytest.mark.parametrize("how", ["missing", "longer", "chain"])
def test_damaged_vault_is_refused(vault: Vault, how: str) -> None:
    _, file = next(iter(Ledger(vault).committed[0].files()))
    path = vault.folder / file["path"]
    if how == "missing":
        path.unlink()
    elif how == "longer":
        path.write_bytes(path.read_bytes() + b"x")
    else:
        (vault.folder / "ledger" / "00000002.json").unlink()
    with duckdb.connect() as connection, pytest.raises(VaultDamaged) as caught:
        register_raw(connection, vault)
    assert caught.value.problems


def test_changed_byte_is_found_by_the_full_check(vault: Vault) -> None:
    _, file = next(iter(Ledger(vault).committed[0].files()))
    path = vault.folder / file["path"]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert [(problem.kind, problem.path) for problem in check_vault_files(vault)] == [("changed", file["path"])]


def test_vault_behind_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = filled(f"memory://{tmp_path.name}", tmp_path, monkeypatch)
    assert check_vault_files(vault) == []
    with duckdb.connect() as connection:
        register_raw(connection, vault)
        assert connection.execute("select count(*) from raw_fake.users").fetchone() == (8,)


def test_hostile_payloads_survive_the_way_to_sql(tmp_path: Path) -> None:
    payload: dict[str, Any] = {
        "quote": "'; drop table x; --",
        "nul": "a\x00b",
        "surrogate": "\ud83d",
        "emoji": "😀",
        "line": "a\r\nb\u2028",
        "float": 1.10,
        "huge": 10**30,
        "small": -(2**63),
        "nan": float("nan"),
        "nested": {"a": [True, None, {"b": "ü"}]},
    }
    vault = Vault(tmp_path / "vault")
    clock = datetime(2026, 11, 1, 4, tzinfo=UTC)
    write_stamps(vault, "seeds", [("k", payload)], clock, work_dir=tmp_path / "dlt", code_version="0.1.0")
    with duckdb.connect() as connection:
        register_raw(connection, vault)
        found = connection.execute(
            "select json_valid(payload), payload_sha256 = sha256(payload), payload ->> '$.quote', payload ->> '$.float',"
            " payload ->> '$.huge', payload ->> '$.small', payload ->> '$.emoji', payload ->> '$.surrogate',"
            " payload ->> '$.nan', payload ->> '$.nested.a[2].b' from raw_itgc.seeds"
        ).fetchone()
    assert found == (
        True,
        True,
        "'; drop table x; --",
        "1.1",
        "1" + "0" * 30,
        str(-(2**63)),
        "😀",
        "\ufffd",
        "nan",
        "ü",
    )


@pytest.mark.parametrize("source", list(SOURCES))
def test_declared_tables_are_those_of_the_connector(source: str) -> None:
    fed = {table for resource in connector(source).RESOURCES for table in resource.tables}
    assert set(RAW_TABLES[source]) == fed


def test_warehouse_needs_neither_dagster_nor_dlt() -> None:
    code = "import sys, orchestration.warehouse; print([m for m in ('dagster', 'dlt', 'pandas') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.strip() == "[]"
