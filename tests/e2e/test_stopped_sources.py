"""When a source stops in the middle of the period, what followed is unknown: no exception comes of it, and none is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ingestion.ledger import Ledger
from ingestion.vault import Vault
from tests.conftest import PROJECT, Run

pytestmark = pytest.mark.slow
STOP = "2026-06-15T00:00:00Z"
MARTS = (
    "la_01__accounts",
    "la_03__access_grants",
    "la_04__terminations",
    "cm_01__code_changes",
    "cm_02__tested_changes",
)
BUILD = """
import duckdb
from orchestration import dbt
from orchestration.warehouse import register_raw
from orchestration.workspace import find
from ingestion.vault import Vault
workspace = find()
workspace.prepare()
with duckdb.connect(str(workspace.warehouse)) as connection:
    register_raw(connection, Vault(workspace.build / "vault"))
print([result.unique_id for result in dbt.build(workspace) if not result.ok])
"""


def without(run: Run, folder: Path, source: str) -> Path:
    """The warehouse over a vault to which a source was last collected before STOP."""
    build = folder / "build"
    for raw in (run.build / "vault").iterdir():
        if raw.name != "ledger":
            shutil.copytree(raw, build / "vault" / raw.name, copy_function=os.link)
    shortened = Ledger(Vault(build / "vault"))
    for entry in Ledger(Vault(run.build / "vault")).entries:
        facts = {name: fact for name, fact in entry.facts.items() if name not in {"n", "kind", "previous_sha256"}}
        if facts["source"] != "itgc" and not (facts["source"] == source and facts["window_end"] > STOP):
            shortened.append(entry.facts["kind"], facts)
    place = {"ITGC_PROJECT": str(PROJECT), "ITGC_ENGAGEMENT": str(run.engagement), "ITGC_BUILD": str(build)}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **place}
    done = subprocess.run(
        [sys.executable, "-c", BUILD], env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=600
    )
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout[-2000:] + done.stderr[-2000:]
    return build / "warehouse.duckdb"


def rules(warehouse: Path) -> dict[tuple[str, str], tuple[str, set[str], set[str]]]:
    """(mart, item) → status, rules that failed, rules that could not be tested."""
    found = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for mart in MARTS:
            rows = connection.execute(
                f"select item_key, status, rules_failed, rules_not_testable from marts.{mart}"
            ).fetchall()
            for key, status, failed, unknown in rows:
                found[mart, key] = (status, set((failed or "").split(";")) - {""}, set((unknown or "").split(";")))
    return found


@pytest.mark.parametrize("source", ["okta", "bamboohr", "github"])
def test_what_was_not_collected_is_neither_an_exception_nor_fine(source: str, run: Run, tmp_path: Path) -> None:
    whole, part = rules(run.warehouse), rules(without(run, tmp_path, source))
    made = {key: failed for key, (_, failed, _) in part.items() if failed - whole.get(key, ("", set(), set()))[1]}
    assert made == {}
    lost = {
        key: failed for key, (_, failed, _) in whole.items() if key in part and failed - part[key][1] - part[key][2]
    }
    assert lost == {}
    became = {(whole[key][0], part[key][0]) for key in whole.keys() & part.keys() if whole[key][0] != part[key][0]}
    assert became == {("PASS", "NOT_TESTABLE"), ("EXCEPTION", "NOT_TESTABLE")}
