from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.vault import Vault, VaultConflict
from tests.object_store import BUCKET, object_store


@pytest.fixture(params=["folder", "file", "memory", "s3"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    if request.param == "s3":
        with object_store():
            yield Vault(f"{BUCKET}/harbor/vault")
    elif request.param == "memory":
        yield Vault(f"memory://{tmp_path.name}/vault")
    else:
        yield Vault(tmp_path / "vault" if request.param == "folder" else f"file://{tmp_path}/vault")


def test_create_read_list(vault: Vault) -> None:
    assert vault.list("") == {}
    vault.create("ledger/00000002.json", b"two")
    vault.create("ledger/00000001.json", b"one")
    vault.create("raw_x/t/collection=a.b.c.0/f.parquet", b"")
    assert vault.list("ledger") == {"ledger/00000001.json": 3, "ledger/00000002.json": 3}
    assert list(vault.list("")) == [
        "ledger/00000001.json",
        "ledger/00000002.json",
        "raw_x/t/collection=a.b.c.0/f.parquet",
    ]
    assert vault.read("ledger/00000001.json") == b"one"
    assert vault.facts("ledger/00000002.json").size == 3
    assert vault.facts("ledger/00000001.json").sha256.startswith("7692c3ad3540bb80")
    with pytest.raises(FileNotFoundError):
        vault.read("ledger/00000009.json")
    assert vault.read_all(["ledger/00000002.json", "ledger/00000001.json"]) == [b"two", b"one"]
    assert vault.read_all(["ledger/00000002.json"]) == [b"two"]
    assert vault.read_all([]) == []


def test_nothing_is_ever_replaced(vault: Vault) -> None:
    vault.create("ledger/00000001.json", b"one")
    with pytest.raises(VaultConflict, match="never replaced"):
        vault.create("ledger/00000001.json", b"other")
    assert vault.read("ledger/00000001.json") == b"one"


def test_torn_write_leaves_nothing_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(tmp_path / "vault")

    def die(_: int) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", die)
        with pytest.raises(OSError, match="no space"):
            vault.create("ledger/00000001.json", b"one")
    assert vault.list("") == {}
    (tmp_path / "vault" / "ledger" / ".00000001.json.abc.part").write_bytes(b"o")  # as a killed process leaves it
    assert vault.list("") == {}
    vault.create("ledger/00000001.json", b"one")


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    won: list[int] = []

    def write(n: int) -> None:
        try:
            vault.create("ledger/00000001.json", str(n).encode() * 10_000)
            won.append(n)
        except VaultConflict:
            pass

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert vault.read("ledger/00000001.json") == str(won[0]).encode() * 10_000
