"""What `itgc doctor` says of the vault."""

from __future__ import annotations

from pathlib import Path

from ingestion.ledger import Ledger, entry_path
from ingestion.vault import Vault
from orchestration.doctor import vault_finding


def test_a_vault_that_is_whole_and_one_that_was_changed(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    assert vault_finding(vault).detail == "0 entries"
    for _ in range(2):
        Ledger(vault).append("started", {"collection_id": "a", "note": "first"})
    found = vault_finding(vault)
    assert (found.ok, found.detail) == (True, "2 entries")
    first = vault.folder / entry_path(1)
    first.write_text(first.read_text().replace("first", "other"))
    found = vault_finding(vault)
    assert not found.ok
    assert "names another hash than that of the entry before it" in found.detail
