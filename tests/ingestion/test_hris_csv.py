from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from ingestion.ledger import Ledger
from ingestion.pipeline import CollectReport, collect
from ingestion.sources import config_class, parse_instances
from ingestion.sources.hris_csv import doctor
from ingestion.sources.hris_csv.config import HrisCsvInstance
from ingestion.sources.hris_csv.schema import MANAGERS, WORKERS
from ingestion.vault import Vault
from orchestration.warehouse import register_raw

TICK = datetime(2025, 10, 1, 4, 30, tzinfo=UTC)
ADA = "U1,Ada,Byron,Ada Byron,ada@harbor.example,employee,Eng,Engineer,2020-01-06,,,,,active,"
REHIRED = ADA.replace(
    "2020-01-06,,,,,active", "2015-02-02,2018-03-31,voluntary,2018-03-31T17:00:00+01:00,2018-03-30,terminated"
)
BAD = ADA.replace("U1", "U2").replace("active", "gone")


def write(folder: Path, workers: list[str], managers: list[str]) -> HrisCsvInstance:
    folder.mkdir(exist_ok=True)
    for table, lines in ((WORKERS, workers), (MANAGERS, managers)):
        (folder / table.file).write_text("\n".join([",".join(table.header), *lines]) + "\n", encoding="utf-8")
    return HrisCsvInstance(instance="hris-uk", folder=folder, zone="Europe/London", calendar="GB-England")


def run(instance: HrisCsvInstance, tmp_path: Path) -> tuple[CollectReport, Vault]:
    vault = Vault(tmp_path / "vault")
    options: dict[str, Any] = {"work_dir": tmp_path / "dlt", "collect_from": TICK, "code_version": "0.1.0"}
    return collect(vault, [instance], [TICK], **options), vault


def test_workers_managers_and_quarantine(tmp_path: Path) -> None:
    instance = write(tmp_path / "hris-uk", [ADA, REHIRED, BAD], ["U1,U9,2020-01-06,", "U1,,2021-01-01,"])
    report, vault = run(instance, tmp_path)
    assert report.failed == []
    with duckdb.connect() as connection:
        register_raw(connection, vault)
        workers = connection.execute(
            "select record_key, payload ->> '$.terminated_at', payload ->> '$._context.zone',"
            " payload ->> '$._context.calendar', payload ->> '$._context.file' from raw_hris_csv.workers order by 1"
        ).fetchall()
        managers = connection.execute("select record_key from raw_hris_csv.managers").fetchall()
        rejected = connection.execute(
            "select payload ->> '$.reason' from raw_hris_csv.quarantine order by 1"
        ).fetchall()
    assert workers == [
        ("U1/2015-02-02", "2018-03-31T17:00:00+01:00", "Europe/London", "GB-England", "workers.csv"),
        ("U1/2020-01-06", None, "Europe/London", "GB-England", "workers.csv"),
    ]
    assert managers == [("U1/2020-01-06",)]
    assert rejected == [("manager_worker_id is empty",), ("status must be one of active, terminated, rescinded",)]
    assert Ledger(vault).of("hris-uk", "workers")[0].facts["source_total"] == 3


def test_absent_file_is_never_an_empty_company(tmp_path: Path) -> None:
    instance = write(tmp_path / "hris-uk", [ADA], [])
    (tmp_path / "hris-uk" / "workers.csv").unlink()
    report, _ = run(instance, tmp_path)
    assert [outcome.resource for outcome in report.failed] == ["workers"]
    assert "workers.csv does not exist" in str(report.failed[0].error)
    assert [finding.ok for finding in doctor(instance)] == [False, True]


def test_empty_export_with_a_header_is_zero_rows(tmp_path: Path) -> None:
    report, vault = run(write(tmp_path / "hris-uk", [], []), tmp_path)
    assert report.failed == []
    assert Ledger(vault).of("hris-uk", "workers")[0].facts["source_total"] == 0


def test_configuration_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    entry = {"source": "hris_csv", "instance": "hris-uk", "folder": "x", "zone": "Europe/London", "calendar": "GB"}
    (parsed,) = parse_instances([entry])
    assert isinstance(parsed, config_class("hris_csv"))
    for bad in ({**entry, "pasword": "x"}, {**entry, "instance": "../x"}, {**entry, "instance": "a.b"}):
        with pytest.raises(ValidationError):
            parse_instances([bad])
    with pytest.raises(ValueError, match="unknown source"):
        parse_instances([{**entry, "source": "workday"}])
    with pytest.raises(ValueError, match="must be unique: hris-uk"):
        parse_instances([entry, entry])
