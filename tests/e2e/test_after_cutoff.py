"""After the evidence cutoff: what people answer to findings still enters the package, what systems did does not."""

from __future__ import annotations

import csv
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.ledger import Ledger
from ingestion.pipeline import collect
from ingestion.sources.registers.config import RegistersInstance
from ingestion.vault import Vault
from tests.conftest import Run, itgc
from tests.e2e.kit import copy_build, manifest, package_of, table

pytestmark = pytest.mark.slow
LATER = datetime(2026, 11, 16, 9, tzinfo=UTC)


def test_a_finding_is_answered_after_the_cutoff(run: Run, tmp_path: Path) -> None:
    found = table(run.package, "exception_register.csv")
    answered = next(row["exception_id"] for row in found if row["disposition"] == "open")
    build = copy_build(run, tmp_path, "vault")
    registers = tmp_path / "registers"
    shutil.copytree(run.build / "demo" / "registers", registers)
    with (registers / "dispositions.csv").open(encoding="utf-8", newline="") as file:
        columns = next(csv.reader(file))
    answer = {
        "exception_id": answered,
        "disposition": "not_a_deviation",
        "evidence": "Ticket ACC-1",
        "decided_at": "2026-11-15T14:00:00Z",
    }
    with (registers / "dispositions.csv").open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, columns, lineterminator="\n").writerow(answer)
    report = collect(
        Vault(build / "vault"),
        [RegistersInstance(folder=registers)],
        [LATER],
        work_dir=tmp_path / "dlt",
        collect_from=LATER,
        code_version="0.1.0",
    )
    assert report.committed
    assert not report.failed
    done = itgc("package", engagement=run.engagement, build=build)
    assert done.returncode == 0, done.stderr
    package = package_of(done.stdout)
    assert manifest(package)["state"] == "CHECKS_PASSED"
    after = table(package, "exception_register.csv")
    assert {row["exception_id"] for row in after} == {row["exception_id"] for row in found}
    (row,) = (row for row in after if row["exception_id"] == answered)
    assert (row["disposition"], row["disposition_evidence"]) == ("not_a_deviation", "Ticket ACC-1")


def test_a_vault_that_holds_what_came_after_the_cutoff(run: Run, tmp_path: Path) -> None:
    build = copy_build(run, tmp_path, "vault")
    ledger = Ledger(Vault(build / "vault"))
    facts = dict(next(entry.facts for entry in ledger.committed if entry.facts["source"] == "okta"))
    for name in ("n", "kind", "previous_sha256"):
        del facts[name]
    ledger.append(
        "committed", facts | {"collection_id": "okta-harbor.users.later.0", "window_end": "2026-11-16T09:00:00Z"}
    )
    done = itgc("package", engagement=run.engagement, build=build)
    assert done.returncode == 1
    assert "belongs to another engagement" in done.stderr
    assert not list(build.glob("packages/*"))
