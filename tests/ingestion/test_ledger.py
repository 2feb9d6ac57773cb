from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.contract import instant
from ingestion.ledger import GENESIS, Entry, Ledger, collection_id, entry_path, verify_chain, verify_files
from ingestion.vault import Vault, VaultConflict

TICKS = [datetime(2025, month, 1, 4, 30, tzinfo=UTC) for month in (10, 11, 12)]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def facts(tick: datetime, k: int = 0, resource: str = "users", **more: Any) -> dict[str, Any]:
    return {
        "collection_id": collection_id("okta-harbor", resource, tick, k),
        "source": "okta",
        "instance": "okta-harbor",
        "resource": resource,
        "window_start": None,
        "window_end": instant(tick),
        "collected_at": instant(tick),
        **more,
    }


def filled(vault: Vault) -> Ledger:
    ledger = Ledger(vault)
    for tick in TICKS:
        ledger.append("started", facts(tick))
        path = f"raw_okta/users/collection={collection_id('okta-harbor', 'users', tick, 0)}/1.a.parquet"
        vault.create(path, b"rows")
        stated = vault.facts(path)
        file = {"path": path, "rows": 1, "bytes": stated.size, "sha256": stated.sha256}
        tables = {"users": {"rows": 1, "distinct_keys": 1, "files": [file]}}
        ledger.append("committed", facts(tick, tables=tables, state={"cursor": instant(tick)}))
    return ledger


def test_entries_are_canonical_numbered_and_chained(vault: Vault) -> None:
    ledger = filled(vault)
    first = vault.read("ledger/00000001.json")
    assert json.loads(first)["previous_sha256"] == GENESIS
    assert first == json.dumps(json.loads(first), sort_keys=True, separators=(",", ":")).encode()
    assert json.loads(vault.read(entry_path(2)))["previous_sha256"] == ledger.entries[0].sha256
    assert verify_chain(vault) == []
    assert [entry.text for entry in Ledger(vault).entries] == [entry.text for entry in ledger.entries]


def test_windows_and_ids_come_from_the_ledger(vault: Vault) -> None:
    filled(vault)
    ledger = Ledger(vault)
    last = ledger.last("okta-harbor", "users", datetime(2026, 1, 1, tzinfo=UTC))
    assert last is not None
    assert last.facts["state"] == {"cursor": "2025-12-01T04:30:00Z"}
    assert ledger.last("okta-harbor", "users", TICKS[0]) is None
    earlier = ledger.last("okta-harbor", "users", TICKS[1])
    assert earlier is not None
    assert earlier.window_end == TICKS[0]
    assert ledger.commits("okta-harbor", "users", TICKS[1]) == 1
    assert ledger.commits("okta-harbor", "groups", TICKS[1]) == 0
    assert collection_id("okta-harbor", "users", TICKS[0], 1) == "okta-harbor.users.20251001T043000Z.1"


def test_aborted_attempts(vault: Vault) -> None:
    ledger = filled(vault)
    assert ledger.aborted() == []
    again = facts(TICKS[0], resource="groups")
    first = ledger.append("started", again)
    second = ledger.append("started", again)
    assert ledger.aborted() == [first, second]
    ledger.append("failed", again | {"error": "boom"})
    assert ledger.aborted() == [first]


def test_second_writer_is_refused(vault: Vault) -> None:
    one, other = Ledger(vault), Ledger(vault)
    one.append("started", facts(TICKS[0]))
    with pytest.raises(VaultConflict):
        other.append("started", facts(TICKS[0]))


def damage(vault: Vault, path: str, content: bytes) -> None:
    (vault.folder / path).write_bytes(content)


def test_every_kind_of_broken_chain_is_seen(vault: Vault) -> None:
    filled(vault)
    path = entry_path(3)
    good = vault.read(path)
    for bad in (
        good.replace(b"okta-harbor", b"okta-other!"),  # breaks the link of entry 4
        good + b"\n",
        good.replace(b'{"coll', b'{ "coll'),
        good.replace(b'"n":3', b'"n":7'),
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"n":3}',
        b"[" * 100_000,
    ):
        damage(vault, path, bad)
        assert verify_chain(vault), bad[:40]
    damage(vault, path, good)
    assert verify_chain(vault) == []
    (vault.folder / path).unlink()
    problems = verify_chain(vault)
    assert [problem.path for problem in problems] == [entry_path(4), entry_path(4)]
    assert "entry 3 is missing" in problems[0].detail


def test_rewritten_entry_with_a_matching_link_is_seen_by_the_next(vault: Vault) -> None:
    ledger = filled(vault)
    changed = Entry(5, ledger.entries[4].text.replace("2025-12", "2025-11"))
    damage(vault, entry_path(5), changed.text.encode())
    assert [problem.path for problem in verify_chain(vault)] == [entry_path(6)]


def test_files_missing_changed_and_left_over(vault: Vault) -> None:
    ledger = filled(vault)
    assert verify_files(vault, ledger) == []
    first, second, third = (file["path"] for entry in ledger.committed for _, file in entry.files())
    damage(vault, first, b"ROWS")  # same size
    damage(vault, second, b"more rows")
    (vault.folder / third).unlink()
    vault.create("raw_okta/users/collection=x/1.z.parquet", b"left")
    assert [(problem.kind, problem.path) for problem in verify_files(vault, ledger)] == [
        ("changed", first),
        ("changed", second),
        ("missing", third),
        ("leftover", "raw_okta/users/collection=x/1.z.parquet"),
    ]
    assert [problem.kind for problem in verify_files(vault, ledger, hashes=False)] == ["changed", "missing", "leftover"]
