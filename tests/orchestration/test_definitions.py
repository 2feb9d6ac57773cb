"""What Dagster loads: every asset explained and grouped, every job resolvable, and nothing heavy where it is not needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ingestion.sources import RAW_TABLES
from tests.conftest import PROJECT

HEAVY = {"dlt", "dbt", "dagster", "dagster_dbt", "great_expectations", "pandas", "duckdb", "pyarrow", "scipy"}
GROUPS = {
    "sources",
    "catalogue",
    "staging",
    "intermediate",
    "logical_access",
    "change_management",
    "reporting",
    "package",
}
DUMP = """
import json
from orchestration.definitions import defs
graph = defs.resolve_asset_graph()
assets = {
    key.to_user_string(): {
        "description": graph.get(key).description,
        "group": graph.get(key).group_name,
        "owners": list(graph.get(key).owners),
        "parents": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
        "collected": graph.get(key).is_materializable,
    }
    for key in graph.get_all_asset_keys()
}
jobs = {
    name: sorted(key.to_user_string() for key in defs.resolve_job_def(name).asset_layer.executable_asset_keys)
    for name in ("collect", "build", "package", "everything")
}
schedules = {
    schedule.name: [schedule.cron_schedule, schedule.execution_timezone, schedule.job.name, schedule.description]
    for schedule in defs.schedules
}
checks = {
    f"{key.asset_key.to_user_string()}:{key.name}": graph.get_check_spec(key).description
    for key in graph.asset_check_keys
}
print(json.dumps({"assets": assets, "jobs": jobs, "schedules": schedules, "checks": checks}))
"""


def python(code: str, build: Path) -> str:
    """Run code in a fresh interpreter; what it printed."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(build),
        "ITGC_PROJECT": str(PROJECT),
        "ITGC_BUILD": str(build),
        "PYTHONPATH": str(PROJECT),
    }
    done = subprocess.run([sys.executable, "-c", code], cwd=build, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return dict(json.loads(python(DUMP, tmp_path_factory.mktemp("definitions")).splitlines()[-1]))


def test_every_asset_is_described_and_grouped(loaded: dict[str, Any]) -> None:
    assets = {key: facts for key, facts in loaded["assets"].items() if facts["collected"]}
    assert len(assets) > 100
    assert [key for key, facts in assets.items() if len(facts["description"] or "") < 10] == []
    assert {facts["group"] for facts in assets.values()} == GROUPS


def test_every_mart_answers_its_question_and_has_an_owner(loaded: dict[str, Any]) -> None:
    marts = {key: facts for key, facts in loaded["assets"].items() if key.startswith("marts/")}
    populations = {key: facts for key, facts in marts.items() if "? " in facts["description"].splitlines()[0]}
    assert len(populations) >= 5
    assert [key for key, facts in loaded["assets"].items() if facts["collected"] and not facts["owners"]] == []


def test_lineage_reaches_from_every_raw_table_to_the_package(loaded: dict[str, Any]) -> None:
    assets = loaded["assets"]
    above: set[str] = set()
    todo = ["evidence_package"]
    while todo:
        key = todo.pop()
        if key not in above:
            above.add(key)
            todo += assets[key]["parents"] if key in assets else []
    raw = {f"raw_{source}/{table}" for source, tables in RAW_TABLES.items() if source != "itgc" for table in tables}
    assert raw <= set(assets)
    assert raw - above == set()


def test_data_checks_are_in_words(loaded: dict[str, Any]) -> None:
    """The tests of dbt are named by what they test; the data checks and the package's are for people."""
    described = {name: words for name, words in loaded["checks"].items() if words}
    assert "evidence_package:package_verifies" in described
    assert len([name for name in described if name.startswith("data_checks:")]) > 20
    for control in ("la_01__accounts", "la_03__access_grants", "la_04__terminations", "cm_01__code_changes"):
        assert f"marts/{control}:reconciled" in described
    assert [words for words in described.values() if "{" in words] == []


def test_jobs_cover_every_asset_once(loaded: dict[str, Any]) -> None:
    jobs = loaded["jobs"]
    assert all(key.startswith("raw_") for key in jobs["collect"])
    assert "evidence_package" in jobs["package"]
    assert "marts/cm_01__code_changes" in jobs["build"]
    assert sorted(jobs["collect"] + jobs["build"] + jobs["package"]) == jobs["everything"]


def test_schedules(loaded: dict[str, Any]) -> None:
    schedules = loaded["schedules"]
    assert schedules["daily_collection"][:3] == ["15 2 * * *", "America/New_York", "collect"]
    assert schedules["period_end_package"][2] == "everything"
    assert all(words for *_, words in schedules.values())


@pytest.mark.parametrize(
    "module", ["ingestion", "ingestion.pipeline", "ingestion.config", "ingestion.sources.okta", "ingestion.sources.git"]
)
def test_ingestion_never_imports_dagster(module: str, tmp_path: Path) -> None:
    found = python(
        f"import sys, {module}; print(sorted({{'dagster', 'dagster_dbt', 'dbt'}} & set(sys.modules)))", tmp_path
    )
    assert found.strip() == "[]"


def test_help_is_light(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom orchestration.cli import app\n"
        "for command in ([], ['package'], ['collect'], ['sample']):\n"
        "    assert CliRunner().invoke(app, [*command, '--help']).exit_code == 0, command\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = set(eval(python(code, tmp_path)))
    assert loaded & HEAVY == set()
