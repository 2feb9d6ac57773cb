"""Spark reads exactly the committed files of the vault, in place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.ledger import Ledger
from ingestion.sources import RAW_TABLES
from ingestion.vault import Vault
from orchestration import spark
from orchestration.engagement import EngagementError
from orchestration.warehouse import VaultDamaged
from tests.conftest import itgc, small_engagement
from tests.orchestration.test_warehouse import TICKS, filled

RAW = [
    ("record_key", "string"),
    ("source_updated_at", "timestamp"),
    ("collection_id", "string"),
    ("payload_sha256", "string"),
    ("payload", "string"),
]


def test_all_raw_tables_exist_even_in_an_empty_vault(session: Any, tmp_path: Path) -> None:
    spark.register_raw(session, Vault(tmp_path / "vault"), tmp_path / "ledger")
    for source, tables in RAW_TABLES.items():
        for table in tables:
            assert session.table(f"raw_{source}.{table}").dtypes == RAW
    assert session.table("raw_okta.users").count() == 0
    assert session.table("raw_ledger.collections").count() == 0


def test_committed_files_only(session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what an aborted run left nor a stray file beside a committed one; whatever the folder is called."""
    vault = filled(tmp_path / "it's a {vault}, `odd` [x]*", tmp_path, monkeypatch)
    _, file = next(iter(Ledger(vault).committed[0].files()))
    content = (vault.folder / file["path"]).read_bytes()
    vault.create("raw_fake/users/collection=fake-one.users.20251003T000000Z.0/1.torn.parquet", b"PAR1 torn")
    vault.create(f"{file['path'].rpartition('/')[0]}/stray.parquet", content)
    for _ in range(2):  # registering again replaces
        spark.register_raw(session, vault, tmp_path / "ledger")
    assert session.table("raw_fake.users").dtypes == RAW
    assert session.table("raw_fake.users").count() == 8
    columns = dict(session.table("raw_ledger.collections").dtypes)
    assert (columns["n"], columns["collected_at"], columns["entry"]) == ("bigint", "timestamp", "string")
    latest = session.sql(
        "select unix_micros(window_end), rows, permission, error from raw_ledger.collections"
        " where resource = 'log' and kind = 'committed' order by n desc limit 1"
    ).collect()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert [tuple(row) for row in latest] == [(int((TICKS[1] - epoch).total_seconds()) * 1_000_000, 2, "granted", None)]


def test_damaged_vault_is_refused(session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = filled(tmp_path / "vault", tmp_path, monkeypatch)
    _, file = next(iter(Ledger(vault).committed[0].files()))
    (vault.folder / file["path"]).unlink()
    with pytest.raises(VaultDamaged):
        spark.register_raw(session, vault, tmp_path / "ledger")


@pytest.mark.needs_nothing
def test_a_pattern_names_the_files_and_nothing_else() -> None:
    paths = ["s3://bucket/raw_a/b/collection=1/x,y.parquet", "s3://bucket/raw_a/b/collection=2/z[1].parquet"]
    pattern = r"s3://bucket/raw_a/b/{collection=1/x\,y.parquet,collection=2/z\[1\].parquet}"
    assert spark._glob(paths) == pattern
    assert spark._glob(["/v/a.parquet"]) == "/v/{a.parquet}"


@pytest.mark.needs_nothing
@pytest.mark.parametrize(
    ("what", "says"), [("find_spec", "make env-spark"), ("which", "install a JDK")], ids=["extra", "Java"]
)
def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, what: str, says: str) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: name)
    monkeypatch.setattr(spark, "which", lambda name: name)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    spark.require()
    monkeypatch.setattr(spark, what, lambda name: None)
    with pytest.raises(EngagementError, match=says):
        spark.require()


@pytest.mark.needs_nothing
def test_an_unknown_target_is_refused(tmp_path: Path) -> None:
    done = itgc("build", "--target", "snowflake", engagement=small_engagement(tmp_path), build=tmp_path / "build")
    assert done.returncode == 2
    assert "snowflake" in done.stderr
