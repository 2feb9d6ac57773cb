"""`itgc demo --scenario …`: what goes wrong while collecting shows on the package's face, and the exit code says so.

Each scenario starts from the prepared vault, cut where the source that has the misfortune begins: as a run that was
stopped there. The command then collects the rest.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from ingestion.ledger import verify_chain
from ingestion.vault import Vault
from tests.conftest import PROJECT, Run
from tests.e2e.kit import ledger, manifest, package_of, table

EVIDENCE = (
    "LA-01_accounts.csv",
    "LA-03_access_grants.csv",
    "LA-04_terminations.csv",
    "CM-01_code_changes.csv",
    "CM-02_tested_changes.csv",
)

pytestmark = pytest.mark.slow


def prepared(run: Run, folder: Path, scenario: str, cut_at: str) -> Path:
    """A project folder whose `build/demo-<scenario>` holds the company, and the vault up to a source."""
    for name in ("dbt_project", "dbt_project.yml", "orchestration", "registers", "engagement.yml"):
        (folder / name).symlink_to(PROJECT / name)
    build = folder / "build" / f"demo-{scenario}" / "build"
    for part in ("demo", "vault"):
        shutil.copytree(run.build / part, build / part)
    cut = False
    for path in sorted((build / "vault" / "ledger").glob("*.json")):
        cut = cut or json.loads(path.read_bytes())["source"] == cut_at
        if cut:
            path.unlink()
    assert cut
    return build


def itgc(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(project), "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *arguments],
        cwd=project,
        env=environment | {"ITGC_PROJECT": str(project)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    text = done.stdout + done.stderr
    assert "Traceback" not in text
    assert len(text.splitlines()) < 40, text
    return done


def face(package: Path) -> str:
    return (package / "index.html").read_text(encoding="utf-8")


def failed(build: Path, instance: str) -> list[dict[str, str]]:
    entries = [json.loads(data) for data in ledger(build).values()]
    return [entry for entry in entries if entry["kind"] == "failed" and entry["instance"] == instance]


def assert_no_new_exceptions(run: Run, package: Path) -> None:
    """What was not collected is no exception."""

    def found(folder: Path) -> set[tuple[str, str]]:
        rows = [row for name in EVIDENCE for row in table(folder, name)]
        return {(row["item_key"], rule) for row in rows for rule in row["rules_failed"].split(";") if rule}

    assert not found(package) - found(run.package)


def test_incomplete(run: Run, tmp_path: Path) -> None:
    """GitHub hides protection and collaborators from March on."""
    build = prepared(run, tmp_path, "incomplete", "github")
    done = itgc(tmp_path, "demo", "--scenario", "incomplete", "--scale", "0.1")
    assert done.returncode == 3, done.stderr
    package = package_of(done.stdout)
    assert package.parent == build / "packages"
    assert manifest(package)["state"] == "INCOMPLETE"
    because = " ".join(manifest(package)["incomplete_because"])
    for text in (because, face(package), done.stdout):
        assert "INCOMPLETE" in text or text is because
        assert "branch_protection" in text
    denied = [entry for entry in failed(build, "github-harbor") if entry["permission"]["result"] == "denied"]
    assert "branch_protection" in {entry["resource"] for entry in denied}
    assert min(entry["window_end"] for entry in denied) >= "2026-03-01"
    statuses = Counter(row["status"] for row in table(package, "CM-01_code_changes.csv"))
    before = Counter(row["status"] for row in table(run.package, "CM-01_code_changes.csv"))
    assert statuses["NOT_TESTABLE"] > before["NOT_TESTABLE"], "what is unknown is never PASS"
    assert statuses["PASS"] < before["PASS"]
    assert_no_new_exceptions(run, package)


def test_unreachable(run: Run, tmp_path: Path) -> None:
    """Jira drops every connection from June on; --strict refuses to write a package."""
    build = prepared(run, tmp_path, "unreachable", "jira")
    engagement = build.parent / "engagement.yml"
    text = (PROJECT / "engagement.yml").read_text(encoding="utf-8")
    engagement.write_text(text.replace("scale: 1.0", "scale: 0.1\n  scenario: unreachable"), encoding="utf-8")
    strict = itgc(tmp_path, "package", "--strict", "-e", str(engagement), "--build", str(build))
    assert strict.returncode == 1
    assert "jira-harbor" in strict.stderr
    assert "the package would be INCOMPLETE" in strict.stderr
    assert not list(build.glob("packages/*"))
    before = ledger(build)

    done = itgc(tmp_path, "demo", "--scenario", "unreachable", "--scale", "0.1")
    assert done.returncode == 3, done.stderr
    package = package_of(done.stdout)
    assert "jira-harbor" in " ".join(manifest(package)["incomplete_because"])
    assert "INCOMPLETE" in face(package)
    assert "jira-harbor" in face(package)
    assert_no_new_exceptions(run, package)
    statuses = [
        Counter(row["status"] for row in table(folder, "LA-01_accounts.csv") if row["instance"] == "jira-harbor")
        for folder in (run.package, package)
    ]
    assert statuses[1]["PASS"] < statuses[0]["PASS"], "nor is it fine"
    assert min(entry["window_end"] for entry in failed(build, "jira-harbor")) >= "2026-06-01"
    after = ledger(build)
    assert list(after)[: len(before)] == list(before)
    assert all(after[name] == data for name, data in before.items())
    assert not verify_chain(Vault(str(build / "vault")))


def test_restated(run: Run, tmp_path: Path) -> None:
    """A push reads otherwise when its window is read again: both versions are in the vault, and it is counted."""
    build = prepared(run, tmp_path, "restated", "github")
    done = itgc(tmp_path, "demo", "--scenario", "restated", "--scale", "0.1")
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(build / "warehouse.duckdb"), read_only=True) as connection:
        restated = connection.execute(
            "select instance, table_name, restated from reporting.chk_restatements where restated > 0"
        ).fetchall()
        versions = connection.execute(
            "select record_key, list_sort(list(distinct json_extract_string(payload, '$.actor.login'))), "
            "count(distinct collection_id) from raw_github.activity group by record_key "
            "having count(distinct payload_sha256) > 1"
        ).fetchall()
    assert restated == [("github-harbor", "activity", 1)]
    ((_, logins, collections),) = versions
    assert collections == 2
    assert logins[1] == f"{logins[0]}-renamed"
    package = package_of(done.stdout)
    (row,) = [row for row in table(package, "restatements.csv") if row["kind"] == "restated"]
    assert (row["instance"], row["table_name"], row["field"]) == ("github-harbor", "activity", "actor.login")
    assert (row["before"], row["after"]) == (logins[0], f"{logins[0]}-renamed")
    assert row["before_sha256"] != row["after_sha256"]
    collected = {entry["collection_id"]: entry["collected_at"] for entry in table(package, "collections.csv")}
    assert collected[row["before_collection_id"]] < collected[row["after_collection_id"]] == row["after_collected_at"]
    (check,) = [
        row for row in table(package, "data_checks.csv") if row["check_id"] == "source_github-harbor.not_restated"
    ]
    assert check["passed"] == "note"
    assert manifest(package)["state"] == "CHECKS_PASSED"
    above = face(package).split('<main id="main">')[0]
    assert "Not the same when read again." in above
    assert "1 restated record" in above
    assert row["record_key"] in face(package)
    assert {row["kind"] for row in table(run.package, "restatements.csv")} == {"edited", "back_dated"}
    assert "1 back-dated register line" in face(run.package)
    assert "restated record" not in face(run.package)
    with duckdb.connect(str(run.warehouse), read_only=True) as connection:
        (clean,) = connection.execute("select sum(restated) from reporting.chk_restatements").fetchone() or (None,)
    assert clean == 0
