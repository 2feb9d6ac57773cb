"""One vault, both engines: every model row for row, the package file for file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PROJECT, Run, itgc
from tests.e2e.kit import copy_build, package_of

LAYERS = "('seeds', 'staging', 'intermediate', 'marts', 'exceptions', 'reporting')"


@dataclass(frozen=True)
class Both:
    """A build folder with the warehouses of both engines, and Spark's package."""

    build: Path
    package: Path


@pytest.fixture(scope="module")
def both(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """The demo company's vault with its stamps; the package of DuckDB is the prepared one."""
    folder = tmp_path_factory.mktemp("both")
    build = copy_build(run, folder, "vault")
    done = itgc("build", engagement=run.engagement, build=build)
    assert done.returncode == 0, done.stderr[-3000:]
    done = itgc("package", "--target", "spark", engagement=run.engagement, build=build, timeout=3600)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-1000:]
    return Both(build, package_of(done.stdout))


def differences(build: Path) -> dict[str, str]:
    """Model → how Spark's differs from DuckDB's: its columns and their types, or rows that only one of them has."""
    found: dict[str, str] = {}
    with duckdb.connect(str(build / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{build / 'warehouse-spark.duckdb'}' as spark (read_only)")
        models = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            f" where table_catalog = 'warehouse' and table_schema in {LAYERS} order by all"
        ).fetchall()
        assert len(models) > 230
        for schema, name in models:
            here, there = f'"{schema}"."{name}"', f'spark."{schema}"."{name}"'
            try:
                columns, others = (
                    [row[:2] for row in connection.execute(f"describe {table}").fetchall()] for table in (here, there)
                )
            except duckdb.CatalogException:
                found[name] = "not built on Spark"
                continue
            if columns != others:
                found[name] = f"columns {sorted(set(columns) ^ set(others))}"
                continue
            only = [
                connection.execute(f"select count(*) from (from {a} except all from {b})").fetchone()
                for a, b in ((here, there), (there, here))
            ]
            if only != [(0,), (0,)]:
                found[name] = f"rows {only}"
    return found


def test_every_model_is_the_same(both: Both) -> None:
    assert differences(both.build) == {}


def test_a_difference_is_seen(both: Both, tmp_path: Path) -> None:
    """One row more, one type changed, one table missing."""
    copied = tmp_path / "warehouse.duckdb"
    copied.write_bytes((both.build / "warehouse.duckdb").read_bytes())
    (tmp_path / "warehouse-spark.duckdb").write_bytes((both.build / "warehouse-spark.duckdb").read_bytes())
    with duckdb.connect(str(copied)) as connection:
        connection.execute("insert into marts.la_01__accounts select * from marts.la_01__accounts limit 1")
        connection.execute("alter table reporting.rpt_rules rename column rule_id to rule")
        connection.execute("create table staging.stg_new as select 1 as one")
    assert set(differences(tmp_path)) == {"la_01__accounts", "rpt_rules", "stg_new"}


def test_the_package_is_the_same_but_for_how_it_was_made(run: Run, both: Both) -> None:
    """`ipe/` shows the SQL of the engine; the manifest and the envelope around it hash that."""

    def files(package: Path) -> dict[str, bytes]:
        found = {
            path.relative_to(package).as_posix(): path.read_bytes() for path in package.rglob("*") if path.is_file()
        }
        return {name: content for name, content in found.items() if not name.startswith("ipe/")}

    here, there = files(run.package), files(both.package)
    assert set(here) == set(there)
    assert {name for name in here if here[name] != there[name]} == {"MANIFEST.json", "MANIFEST.dsse.json"}
    lists = [
        {
            entry["path"]: entry
            for entry in json.loads(package["MANIFEST.json"])["files"]
            if not entry["path"].startswith("ipe/")
        }
        for package in (here, there)
    ]
    assert lists[0] == lists[1]


def test_the_package_verifies(both: Both, tmp_path: Path) -> None:
    engagement = both.build.parent / "engagement.yml"
    assert itgc("verify", str(both.package), engagement=engagement, build=tmp_path).returncode == 0


def test_dbt_alone_runs_the_unit_tests_of_a_model(both: Both) -> None:
    """As `make unit-spark` does: another process finds tables and vault by the metastore."""
    target = both.build / "dbt-spark"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(both.build),
        "ITGC_WAREHOUSE": str(both.build / "warehouse.duckdb"),
        "ITGC_SPARK": str(both.build / "spark"),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
    }
    select = ["--profiles-dir", "dbt_project", "--target", "spark", "--select", "la_04__terminations,test_type:unit"]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "--quiet", "test", *select],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    assert {result["status"] for result in results} == {"pass"}
